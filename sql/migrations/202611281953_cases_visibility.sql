-- Who sees a case is said by its state: one may be withheld from the unit that it is about until a declared step.

alter table anze.case_state
    add column withheld_from text[] not null default '{}',
    add constraint case_state_withheld_from check (withheld_from <@ array['subject']);
comment on column anze.case_state.withheld_from is
    'subject: the unit that a case is about, and what stands over it without being a body, do not see it in this state';
comment on constraint case_state_withheld_from on anze.case_state is
    '不可见对象不在代码表内。 | From whom it is withheld is not in the code set. | /withheld_from';

alter table anze.case_file add column withheld_from_unit boolean not null default false;
comment on column anze.case_file.withheld_from_unit is 'as its state says (case_state.withheld_from)';

-- Declared here so that the policy can name it; its body is in sql/functions/core/access.sql.
create function anze.can_see_case(region_code text, sector text, unit_id uuid, supervisor_id uuid, is_withheld boolean)
returns boolean stable parallel safe language plpgsql as $$
begin
    return false;
end
$$;
