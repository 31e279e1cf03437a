-- The papers of a case are withheld with it.
alter policy file_seen on anze.file
    using (anze.can_see_of_unit(region_code, sector, unit_id) and not anze.file_is_withheld(id, unit_id)
        or anze.sees_use_of_file(id));
