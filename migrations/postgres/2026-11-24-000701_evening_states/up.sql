-- Since when people see an evening (null: a draft), and since when parents can't book any more before the end of its window. Whatever there is was published.
alter table evenings add column published_at timestamptz;
alter table evenings add column closed_at timestamptz;
update evenings set published_at = created_at;

-- Classes that were chosen when the evening was written and could not take part.
create table evening_left_out (
  evening_id uuid not null references evenings (id),
  class_id uuid not null references classes (id),
  lacks text not null check (lacks in ('teachers', 'students')),
  primary key (evening_id, class_id)
);
