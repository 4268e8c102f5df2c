// What the pages about jobs work out by themselves: a life, attempts, queries, and a search page by page.
"use strict";
const assert = require("node:assert/strict");
const { test } = require("node:test");
const { load } = require("./pure.js");

const dom = { element: () => null };
const { jobLife } = load(["20_", "91_"], { dom });
const { jobQuery } = load(["83_"]);
const { JobSearch } = load(["83_", "84_"]);

// What comes out of the scripts' own context has other prototypes than the test's.
const plain = (value) => JSON.parse(JSON.stringify(value));

const LIFE = [
  { at: 0, old_status: null, new_status: "pending", run: 1, attempt: 0 },
  { at: 10, old_status: "pending", new_status: "assigned", run: 1, attempt: 1, worker_id: "a", fence: 7 },
  { at: 12, old_status: "assigned", new_status: "in_progress", run: 1, attempt: 1, worker_id: "a", fence: 7 },
  { at: 20, old_status: "in_progress", new_status: "scheduled", run: 1, attempt: 1, error: { type: "Broken" } },
  { at: 30, old_status: "scheduled", new_status: "pending", run: 1, attempt: 1, reason: "promoted" },
  { at: 33, old_status: "pending", new_status: "pending", run: 1, attempt: 1 },
  { at: 40, old_status: "pending", new_status: "cancelled", run: 1, attempt: 1, reason: "cancelled" },
  { at: 90, old_status: "cancelled", new_status: "pending", run: 2, attempt: 0, reason: "retried" },
];

test("a life counts visits and adds their time up, in its run alone", () => {
  const { visits, back } = jobLife.lifeOf(LIFE, 1);
  assert.deepEqual(plain(visits.pending), { count: 2, ms: 20, at: 30, open: null });
  assert.deepEqual(plain(visits.in_progress), { count: 1, ms: 8, at: 12, open: null });
  assert.equal(visits.completed, undefined);
  assert.deepEqual(plain(back), [{ text: "Back from running: Broken", count: 1 }]);
  assert.equal(jobLife.lifeOf(LIFE, 2).visits.pending.open, 90);
});

test("an attempt ends with the move that took the job from its worker", () => {
  const [attempt, ...others] = plain(jobLife.attemptsOf(LIFE));
  assert.deepEqual(others, []);
  assert.deepEqual([attempt.worker_id, attempt.fence, attempt.started_at, attempt.ended_at], ["a", 7, 12, 20]);
  assert.deepEqual([attempt.ended, attempt.error.type], ["scheduled", "Broken"]);
});

test("a query comes back from its link, and unknown names do not", () => {
  const query = { status: "failed,cancelled", q: "a&b=c", priority_min: "0", sort: "priority", order: "asc" };
  assert.equal(jobQuery.write(query), "?status=failed,cancelled&q=a%26b%3Dc&priority_min=0&sort=priority&order=asc");
  assert.deepEqual(plain(jobQuery.read(jobQuery.write(query) + "&colour=red&limit=9")), query);
  assert.deepEqual(plain(jobQuery.filterOf(query)), { status: ["failed", "cancelled"], q: "a&b=c", priority_min: 0 });
  assert.equal(jobQuery.filterOf({ priority_min: "high" }).priority_min, "high");
});

// pages: the hub's answers, in turn.
function searchOver(pages) {
  const asked = [];
  const search = new JobSearch(
    async (query) => {
      asked.push(query);
      return pages[asked.length - 1];
    },
    () => {},
  );
  return { search, asked };
}

const jobs = (count) => Array.from({ length: count }, (_, index) => ({ job_id: String(index) }));

test("a page is gathered from short answers", async () => {
  const { search, asked } = searchOver([
    { jobs: jobs(30), cursor: "1.a" },
    { jobs: [], cursor: "1.b" },
    { jobs: jobs(70), cursor: "1.c" },
  ]);
  await search.open({ q: "Broken" });
  assert.equal(search.rows.length, 100);
  assert.deepEqual(asked, ["?q=Broken&limit=100", "?q=Broken&limit=70&cursor=1.a", "?q=Broken&limit=70&cursor=1.b"]);
  assert.ok(search.hasNext);
});

test("a search pauses when it finds nothing for long, and goes on when told", async () => {
  const empty = Array.from({ length: 20 }, (_, index) => ({ jobs: [], cursor: "1." + index }));
  const { search, asked } = searchOver([...empty, { jobs: jobs(1), cursor: null }]);
  await search.open({});
  assert.ok(search.unfinished && !search.loading && !search.hasNext);
  await search.further();
  assert.equal(asked.length, 21);
  assert.deepEqual([search.rows.length, search.unfinished, search.hasNext], [1, false, false]);
});

test("an answer to an older search changes nothing", async () => {
  const answers = [];
  const search = new JobSearch(() => new Promise((resolve) => answers.push(resolve)), () => {});
  const older = search.open({ q: "a" });
  const newer = search.open({ q: "b" });
  answers[1]({ jobs: jobs(2), cursor: null });
  await newer;
  answers[0]({ jobs: jobs(9), cursor: null });
  await older;
  assert.equal(search.rows.length, 2);
});
