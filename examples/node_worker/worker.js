// A worker in Node: `npm install && npm start`. It runs jobs of the type `reverse`, up to SLOTS at a time,
// keeps each result until the hub has acknowledged it, and comes back after a cut with what it holds.
"use strict";
const os = require("node:os");
const WebSocket = require("ws");

const URL = (process.env.JOBHUB_HUB_URL || "http://127.0.0.1:8000").replace("http", "ws") + "/ws/worker";
const TOKEN = process.env.JOBHUB_TOKEN;
const SLOTS = 4;

const handlers = {
  async reverse(payload) {
    return [...payload.text].reverse().join("");
  },
};

const held = new Map(); // fence -> { job_id, result?: message kept until it is acknowledged }
const grants = () => [...held].map(([fence, { job_id }]) => ({ job_id, fence }));
let socket;
const say = (message) => socket.readyState === WebSocket.OPEN && socket.send(JSON.stringify(message));

async function work({ job, job_id, fence, payload }) {
  const grant = { job_id, fence };
  held.set(fence, { job_id });
  say({ type: "job_started", ...grant });
  let message;
  try {
    message = { type: "job_completed", ...grant, result: await handlers[job.job_type](payload) };
  } catch (error) {
    const described = { type: error.name, message: error.message, traceback: error.stack, retryable: false };
    message = { type: "job_failed", ...grant, error: described };
  }
  if (held.has(fence)) held.get(fence).result = message;
  say(message);
}

function obey(verdicts) {
  for (const { fence, action } of verdicts) if (action === "drop") held.delete(fence);
}

const hear = {
  registered({ jobs, heartbeat_ms }) {
    obey(jobs);
    for (const { result } of held.values()) if (result) say(result);
    socket.beat = setInterval(() => say({ type: "heartbeat", held: grants() }), heartbeat_ms);
  },
  assign: ({ jobs }) => jobs.forEach(work),
  heartbeat_ack: ({ held: verdicts }) => obey(verdicts),
  ack: ({ of, fence }) => /^job_(completed|failed)$/.test(of) && held.delete(fence),
  stale: ({ of, fence }) => /^job_(completed|failed)$/.test(of) && held.delete(fence),
  error: ({ code, message }) => console.error("refused:", code, message),
};

function connect() {
  socket = new WebSocket(URL, { headers: TOKEN ? { Authorization: `Bearer ${TOKEN}` } : {} });
  socket.on("open", () => say({
    type: "register", worker_id: `node-${os.hostname()}-${process.pid}`,
    job_types: Object.keys(handlers), slots: SLOTS, resume: grants(),
  }));
  socket.on("message", (text) => [].concat(JSON.parse(text)).forEach((message) => hear[message.type]?.(message)));
  socket.on("error", (error) => console.error("no hub:", error.message));
  socket.on("close", (code) => {
    clearInterval(socket.beat);
    if (code >= 4500 && code < 5000) process.exit(1); // the hub forbids to come back
    setTimeout(connect, 100 + Math.random() * 2000); // jitter: not all workers at once
  });
}

process.on("SIGTERM", () => { say({ type: "goodbye" }); setTimeout(() => process.exit(0), 200); });
connect();
