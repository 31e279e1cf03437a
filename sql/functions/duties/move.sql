-- Follow-ups that are open and excuses that nobody decided go along when their unit moves (units/move.sql).

create or replace trigger follow_ups_move after update on anze.unit
    referencing old table as before_rows new table as after_rows
    for each statement execute function anze.open_rows_move('follow_up', 'unit_id', 'x.state = ''open''');
create or replace trigger excuses_move after update on anze.unit
    referencing old table as before_rows new table as after_rows
    for each statement execute function anze.open_rows_move('excuse', 'unit_id', 'x.decided_at is null');
