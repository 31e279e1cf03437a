-- anze: with-functions
-- Cases are seen as their state says.
alter policy case_file_seen on anze.case_file
    using (anze.can_see_case(region_code, sector, unit_id, supervisor_id, withheld_from_unit));
