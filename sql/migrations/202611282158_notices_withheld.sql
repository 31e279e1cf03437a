-- What was told of a case, or is its paper, is withheld with it from the unit that the case is about.

-- Declared here so that policies can name them; their bodies are in sql/functions/core/access.sql.
create function anze.deadline_is_withheld(deadline_id uuid) returns boolean stable parallel safe language plpgsql as $$
begin
    return false;
end
$$;
create function anze.file_is_withheld(file_id uuid, unit_id uuid) returns boolean stable parallel safe language plpgsql as $$
begin
    return false;
end
$$;
alter policy notice_seen on anze.notice
    using ((anze.can_see_of_unit(region_code, sector, about_unit_id) or unit_id = anze.unit())
        and not (subject = 'case' and anze.deadline_is_withheld(subject_id)));
