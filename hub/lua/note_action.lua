-- note_action: keep and tell what somebody did outside the job and worker scripts (tokens, marks).
--
-- include clock events audit
-- arg actor string   who
-- arg action string  a word
-- arg members string  JSON members with a leading comma, or empty
--
-- Returns nothing. O(1). Not idempotent.

note_action(arg.action, arg.members)
