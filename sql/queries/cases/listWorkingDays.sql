select anze.working_days_json(:from::date, :until::date)::text as body
