-- What hangs on an accident is bound by row-level security for the service, as what hangs on a hazard is. The owner reads and
-- writes it of an accident that the caller sees: each of these conditions looks the accident up again for each row.
alter policy accident_report_seen on anze.accident_report to anze_service;
create policy accident_report_owner on anze.accident_report to current_user using (true);
alter policy accident_grade_change_seen on anze.accident_grade_change to anze_service;
create policy accident_grade_change_owner on anze.accident_grade_change to current_user using (true);
alter policy accident_transmission_seen on anze.accident_transmission to anze_service;
create policy accident_transmission_owner on anze.accident_transmission to current_user using (true);
alter policy accident_receipt_seen on anze.accident_receipt to anze_service;
create policy accident_receipt_owner on anze.accident_receipt to current_user using (true);
alter policy accident_recipient_seen on anze.accident_recipient to anze_service;
create policy accident_recipient_owner on anze.accident_recipient to current_user using (true);
