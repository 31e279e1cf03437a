-- Clocks of cases count from other moments than the step, pause in states, are extended by rules, count backward, and are
-- owed by others than the unit and its supervisor.

alter table anze.case_clock
    add column counts_from text collate "C" not null default 'event',
    add column direction text collate "C" not null default 'forward',
    add column pauses_in text[] not null default '{}',
    add column extension jsonb,
    add constraint case_clock_counts_from check (
        counts_from in ('event', 'accident', 'decision', 'reply') or counts_from ~ '^field:[a-z][a-z0-9_]{0,40}$'),
    add constraint case_clock_direction check (
        direction = 'forward' or direction = 'backward' and rule is not null and counts_from <> 'event'),
    drop constraint case_clock_watched_by,
    add constraint case_clock_watched_by check (
        watched_by in ('unit', 'supervisor', 'office', 'upper') or watched_by ~ '^field:[a-z][a-z0-9_]{0,40}$');
comment on column anze.case_clock.counts_from is
    'event: the step that starts it; accident, decision, reply: a moment among the facts (anze.case_moment_facts); field:<name>';
comment on column anze.case_clock.direction is 'backward: it is due its term before that moment';
comment on column anze.case_clock.pauses_in is 'states in which it does not run; what was left goes on when the case leaves them';
comment on column anze.case_clock.extension is
    '{"by": rule of how much at most, "times": rule of how often, "takers": who may, if not all whom the action names}';
comment on column anze.case_clock.watched_by is
    'who owes it: the unit of the case, the body that supervises it, the safety office of its level or of the level above, the '
    'body that a field names';
comment on constraint case_clock_counts_from on anze.case_clock is
    '起算点不在代码表内。 | From when it counts is not in the code set. | /counts_from';
comment on constraint case_clock_direction on anze.case_clock is
    '倒计时限应由规则确定，并指明所对的日期。 | A term that counts back has a rule and a moment. | /direction';
comment on constraint case_clock_watched_by on anze.case_clock is
    '责任方不在代码表内。 | Who owes it is not in the code set. | /watched_by';

alter table anze.case_action add column extends text[] not null default '{}';
comment on column anze.case_action.extends is 'clocks that it extends, as their own extension says';
