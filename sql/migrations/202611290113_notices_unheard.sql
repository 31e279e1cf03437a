-- anze: no-transaction
-- What the briefing looks for first: warnings that the unit told has not acknowledged, the latest first.
create index concurrently if not exists notice_unheard on anze.notice (unit_id, issued_at desc, id desc)
    where acknowledged_at is null and kind <> 'reminder';
