-- Open hazards go along when their unit moves (units/move.sql); closed ones stay where they were.

create or replace trigger hazards_move after update on anze.unit
    referencing old table as before_rows new table as after_rows
    for each statement execute function anze.open_rows_move('hazard', 'unit_id', 'x.is_open');
