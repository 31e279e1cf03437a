-- Closing an enterprise down is decided by a government (安全生产法 第一百一十三条), not by whoever supervises the case.
alter table anze.body_power drop constraint body_power_known;
alter table anze.body_power add constraint body_power_known check (power in ('inspect', 'order', 'fine', 'close', 'coordinate'));
comment on constraint body_power_known on anze.body_power is '职权不在代码表内。 | The power is not in the code set. | /power';
comment on table anze.body_power is
    '机构职权: what a body of a kind may do: inspect 检查, order 责令, fine 处罚, close 决定关闭, coordinate 协调';
