-- Notices that nobody acknowledged go along when the unit that they are about moves (units/move.sql).

create or replace trigger notices_move after update on anze.unit
    referencing old table as before_rows new table as after_rows
    for each statement execute function anze.open_rows_move('notice', 'about_unit_id', 'x.acknowledged_at is null');
