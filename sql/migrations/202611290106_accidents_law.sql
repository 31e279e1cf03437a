-- Which window an accident has follows from its own category; who must be told may rest on another rule for other accidents.
alter table anze.accident_category add column supplement_sector text;
comment on column anze.accident_category.supplement_sector is
    'the kind holds in this sector alone: the standard has no class of its own for it. NULL: in every sector';
alter table anze.accident_clock_rule add column or_above boolean not null default false;
comment on column anze.accident_clock_rule.or_above is 'a level above the one that it names will do (县级以上)';
alter table anze.accident_recipient_rule
    add column else_rule text collate "C",
    add column sectors text[] not null default '{}';
comment on column anze.accident_recipient_rule.else_rule is
    'the rule for accidents of these sectors (sectors) that follow another rule set than the one named';
-- Dropping it in this release would wait for each accident that programs of the last one file.
comment on table anze.accident_supplement_sector is
    'asked by functions of the last release alone, and goes with the next: the time for supplements follows from the category';
