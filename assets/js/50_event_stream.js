// The Dash component EventStream (dashboard/components/event_stream.py): ties the page's stream to props.
//
// A prop is state, not a queue: the renderer drops what is superseded. So events never pass through one;
// callbacks get `status` and `last_seq`, throttled, and widgets draw from jobhub.store.
(function () {
  "use strict";
  const { useEffect, useRef } = window.React;
  const STATUS_EVERY_MS = 250;
  const SEQ_EVERY_MS = 1000;

  // The dashboard could not read the hub's state when it made the page: ask again until it can, or until
  // somebody connects.
  function askForFirst(url) {
    const { SnapshotPolling, store, stream } = window.jobhub;
    const isWanted = () => stream.status.state === "disconnected";
    const asking = new SnapshotPolling(stream.env, {
      onSnapshot(document) {
        asking.stop();
        if (isWanted()) store.fold({ ...document, type: "full_state_snapshot" });
      },
      onSnapshotFailure() {
        if (!isWanted()) asking.stop();
      },
    });
    asking.start(url);
    return asking;
  }

  function EventStream(props) {
    const { jobhub } = window;
    const latest = useRef(props);
    latest.current = props;

    useEffect(() => {
      const { store, stream } = jobhub;
      const { hub_url, ticket_url, snapshot_url, auto_connect, snapshot } = latest.current;
      stream.defaults = { url: hub_url, ticketUrl: ticket_url, snapshotUrl: snapshot_url };
      if (snapshot && stream.status.state === "disconnected") {
        store.fold({ ...snapshot, type: "full_state_snapshot" });
      }
      const asking = !snapshot && snapshot_url && askForFirst(jobhub.aboutHub(snapshot_url, hub_url));
      if (auto_connect) stream.connect(hub_url);
      const tellStatus = store.subscribe(
        "status",
        () => latest.current.setProps({ status: stream.status }),
        { everyMs: STATUS_EVERY_MS },
      );
      const tellSeq = store.subscribe(
        "tick",
        ({ seq }) => seq !== latest.current.last_seq && latest.current.setProps({ last_seq: seq }),
        { everyMs: SEQ_EVERY_MS },
      );
      return () => {
        if (asking) asking.stop();
        tellStatus();
        tellSeq();
        stream.disconnect();
      };
    }, []);
    return null;
  }

  EventStream.defaultProps = {};
  window.jobhub_components = window.jobhub_components || {};
  window.jobhub_components.EventStream = EventStream;
})();
