-- Figures of records that the service itself knows: a later domain computes them.
alter table anze.duty_record_kind
    add column figures text,
    add constraint duty_record_kind_figures_form check (figures ~ '^[a-z][a-z_]{1,40}$');
comment on column anze.duty_record_kind.figures is
    'who knows the figures of such a record: anze.<figures>_record_figures(unit uuid, begins_on date, ends_on date)';
comment on constraint duty_record_kind_figures_form on anze.duty_record_kind is
    '名称格式不正确。 | The name has the wrong form. | /figures';
