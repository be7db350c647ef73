//! The tables of a PostgreSQL database.

use diesel::{
    PgConnection, QueryableByName, RunQueryDsl,
    connection::SimpleConnection,
    sql_types::{Bool, Nullable, Text},
};

use super::{
    expression::normalised,
    tables::{Column, Table, Tables},
};

const COLUMNS: &str = "select c.relname::text as of_table, a.attname::text as name,
    format_type(a.atttypid, a.atttypmod) as kind, not a.attnotnull as is_nullable,
    case when a.attidentity <> '' then 'generated' else pg_get_expr(d.adbin, d.adrelid) end
      as \"default\"
    from pg_class c join pg_attribute a on a.attrelid = c.oid
    left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
      and c.relname not like '\\_\\_%' and a.attnum > 0 and not a.attisdropped
    order by c.relname, a.attnum";

const CONSTRAINTS: &str = "select t.relname::text as of_table, k.contype::text as kind,
    names.of_key as columns, coalesce(r.relname::text, '') as to_table,
    coalesce(names.of_target, '') as to_columns,
    k.confupdtype::text as on_update, k.confdeltype::text as on_delete,
    coalesce(pg_get_expr(k.conbin, k.conrelid), '') as expression
    from pg_constraint k join pg_class t on t.oid = k.conrelid
    left join pg_class r on r.oid = k.confrelid,
    lateral (select
      (select string_agg(attname, ', ' order by place) from unnest(k.conkey)
        with ordinality as key (number, place)
        join pg_attribute on attrelid = k.conrelid and attnum = number) as of_key,
      (select string_agg(attname, ', ' order by place) from unnest(k.confkey)
        with ordinality as key (number, place)
        join pg_attribute on attrelid = k.confrelid and attnum = number) as of_target
    ) as names
    where t.relnamespace = 'public'::regnamespace and k.contype in ('p', 'u', 'f', 'c', 'x')
      and t.relname not like '\\_\\_%'";

const INDEXES: &str = "select t.relname::text as of_table, i.relname::text as name,
    x.indisunique as is_unique, pg_get_expr(x.indpred, x.indrelid) as predicate,
    (select string_agg(pg_get_indexdef(i.oid, number, false)
      || case when x.indoption[number - 1] & 1 = 1 then ' desc' else '' end, ', ' order by number)
      from generate_series(1, x.indnkeyatts) as number) as columns
    from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class t on t.oid = x.indrelid
    where t.relnamespace = 'public'::regnamespace and t.relname not like '\\_\\_%'
      and not exists (select 1 from pg_constraint k where k.conindid = i.oid
        and k.contype in ('p', 'u', 'x'))";

/// `tgtype` holds the timing and the events of a trigger as bits.
const TRIGGERS: &str = "select t.relname::text as of_table, 'trigger '
      || case when tgtype & 2 > 0 then 'before' when tgtype & 64 > 0 then 'instead' else 'after' end
      || ' ' || event || ' ' || tgname as line
    from pg_trigger join pg_class t on t.oid = tgrelid,
    (values (4, 'insert'), (8, 'delete'), (16, 'update'), (32, 'truncate')) as events (bit, event)
    where not tgisinternal and tgtype & bit > 0
    union all select 'functions', 'function ' || proname from pg_proc
    where pronamespace = 'public'::regnamespace";

#[derive(QueryableByName)]
struct ColumnRow {
    #[diesel(sql_type = Text)]
    of_table: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Bool)]
    is_nullable: bool,
    #[diesel(sql_type = Nullable<Text>)]
    default: Option<String>,
}

#[derive(QueryableByName)]
struct Constraint {
    #[diesel(sql_type = Text)]
    of_table: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    columns: String,
    #[diesel(sql_type = Text)]
    to_table: String,
    #[diesel(sql_type = Text)]
    to_columns: String,
    #[diesel(sql_type = Text)]
    on_update: String,
    #[diesel(sql_type = Text)]
    on_delete: String,
    #[diesel(sql_type = Text)]
    expression: String,
}

#[derive(QueryableByName)]
struct Index {
    #[diesel(sql_type = Text)]
    of_table: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Bool)]
    is_unique: bool,
    #[diesel(sql_type = Nullable<Text>)]
    predicate: Option<String>,
    #[diesel(sql_type = Text)]
    columns: String,
}

#[derive(QueryableByName)]
struct CallSocket {
    #[diesel(sql_type = Text)]
    of_table: String,
    #[diesel(sql_type = Text)]
    line: String,
}

/// Reads all tables. The functions are returned as one more table.
pub fn read(conn: &mut PgConnection) -> Tables {
    // PostgreSQL prints a default timestamp in the time zone of the session.
    conn.batch_execute("set time zone 'UTC'").expect("the time zone is known");
    let mut tables = Tables::new();
    for row in load::<ColumnRow>(conn, COLUMNS) {
        let table = tables.entry(row.of_table).or_default();
        table.columns.push(Column {
            name: row.name,
            kind: row.kind,
            is_nullable: row.is_nullable,
            default: row.default.as_deref().map(normalised),
        });
    }
    for constraint in load::<Constraint>(conn, CONSTRAINTS) {
        let table = tables.get_mut(&constraint.of_table).expect("its columns are there");
        add_constraint(table, &constraint);
    }
    for Index { of_table, name, is_unique, predicate, columns } in load(conn, INDEXES) {
        let unique = if is_unique { "unique " } else { "" };
        let predicate = predicate.map(|text| format!(" where {}", normalised(&text)));
        let line = format!("{unique}index {name} ({columns}){}", predicate.unwrap_or_default());
        tables.entry(of_table).or_default().rest.insert(line);
    }
    for CallSocket { of_table, line } in load(conn, TRIGGERS) {
        tables.entry(of_table).or_default().rest.insert(line);
    }
    tables
}

fn load<T>(conn: &mut PgConnection, query: &str) -> Vec<T>
where
    T: QueryableByName<diesel::pg::Pg> + 'static,
{
    diesel::sql_query(query).load(conn).expect("the tables can be read")
}

fn add_constraint(table: &mut Table, constraint: &Constraint) {
    let Constraint { columns, to_table, to_columns, .. } = constraint;
    let line = match constraint.kind.as_str() {
        "p" => {
            table.primary_key = columns.split(", ").map(str::to_owned).collect();
            return;
        }
        "u" => format!("unique ({columns})"),
        "c" => format!("check {}", normalised(&constraint.expression)),
        "f" => format!(
            "foreign key ({columns}) to {to_table} ({to_columns}) on update {} on delete {}",
            action(&constraint.on_update),
            action(&constraint.on_delete)
        ),
        other => panic!("a constraint of kind {other} is not compared"),
    };
    table.rest.insert(line);
}

/// Expands the letters of `pg_constraint`.
fn action(letter: &str) -> &'static str {
    match letter {
        "a" => "no action",
        "r" => "restrict",
        "c" => "cascade",
        "n" => "set null",
        "d" => "set default",
        other => panic!("{other} is no action"),
    }
}
