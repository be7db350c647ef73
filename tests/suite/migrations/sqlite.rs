//! The tables of a SQLite database.

use std::collections::BTreeMap;

use diesel::{
    QueryableByName, RunQueryDsl, SqliteConnection,
    sql_types::{Bool, Integer, Nullable, Text},
};

use super::{
    expression::{normalised, tokens},
    tables::{Column, Table, Tables},
};

const TABLES: &str = "select name, sql from sqlite_master
    where type = 'table' and name not like 'sqlite%' and name not like '\\_\\_%' escape '\\'";

const COLUMNS: &str = "select m.name as of_table, p.name, lower(p.type) as kind,
    not p.\"notnull\" as is_nullable, p.dflt_value as \"default\", p.pk as key_position
    from sqlite_master m join pragma_table_info(m.name) p where m.type = 'table'
    order by m.name, p.cid";

const FOREIGN_KEYS: &str = "select m.name as of_table, f.\"table\" as to_table,
    group_concat(f.\"from\", ', ' order by f.seq) as from_columns,
    group_concat(f.\"to\", ', ' order by f.seq) as to_columns,
    lower(f.on_update) as on_update, lower(f.on_delete) as on_delete
    from sqlite_master m join pragma_foreign_key_list(m.name) f where m.type = 'table'
    group by m.name, f.id";

const INDEXES: &str = "select m.name as of_table, l.name, l.origin, l.\"unique\" as is_unique,
    group_concat(x.name || iif(x.\"desc\", ' desc', ''), ', ' order by x.seqno) as columns,
    i.sql as sql
    from sqlite_master m join pragma_index_list(m.name) l join pragma_index_xinfo(l.name) x
    left join sqlite_master i on i.type = 'index' and i.name = l.name
    where m.type = 'table' and x.key and l.origin <> 'pk' group by m.name, l.name";

const TRIGGERS: &str = "select tbl_name as name, sql from sqlite_master where type = 'trigger'";

#[derive(QueryableByName)]
struct Sql {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    sql: String,
}

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
    #[diesel(sql_type = Integer)]
    key_position: i32,
}

#[derive(QueryableByName)]
struct ForeignKey {
    #[diesel(sql_type = Text)]
    of_table: String,
    #[diesel(sql_type = Text)]
    to_table: String,
    #[diesel(sql_type = Text)]
    from_columns: String,
    #[diesel(sql_type = Text)]
    to_columns: String,
    #[diesel(sql_type = Text)]
    on_update: String,
    #[diesel(sql_type = Text)]
    on_delete: String,
}

#[derive(QueryableByName)]
struct Index {
    #[diesel(sql_type = Text)]
    of_table: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    origin: String,
    #[diesel(sql_type = Bool)]
    is_unique: bool,
    #[diesel(sql_type = Text)]
    columns: String,
    #[diesel(sql_type = Nullable<Text>)]
    sql: Option<String>,
}

/// Reads all tables.
pub fn read(conn: &mut SqliteConnection) -> Tables {
    let mut tables: Tables = load::<Sql>(conn, TABLES)
        .into_iter()
        .map(|table| (table.name, Table { rest: checks(&table.sql).collect(), ..Table::default() }))
        .collect();
    add_columns(&mut tables, load(conn, COLUMNS));
    let mut add = |table: &str, line: String| {
        if let Some(table) = tables.get_mut(table) {
            table.rest.insert(line);
        }
    };
    for key in load::<ForeignKey>(conn, FOREIGN_KEYS) {
        let ForeignKey { from_columns, to_table, to_columns, on_update, on_delete, .. } = &key;
        add(
            &key.of_table,
            format!(
                "foreign key ({from_columns}) to {to_table} ({to_columns}) \
                 on update {on_update} on delete {on_delete}"
            ),
        );
    }
    for index in load::<Index>(conn, INDEXES) {
        add(&index.of_table, index_line(&index));
    }
    for trigger in load::<Sql>(conn, TRIGGERS) {
        add(&trigger.name, trigger_line(&trigger.sql));
    }
    tables
}

fn load<T>(conn: &mut SqliteConnection, query: &str) -> Vec<T>
where
    T: QueryableByName<diesel::sqlite::Sqlite> + 'static,
{
    diesel::sql_query(query).load(conn).expect("the tables can be read")
}

fn add_columns(tables: &mut Tables, rows: Vec<ColumnRow>) {
    let mut keys: BTreeMap<(String, i32), String> = BTreeMap::new();
    for row in rows {
        let Some(table) = tables.get_mut(&row.of_table) else { continue };
        table.columns.push(Column {
            name: row.name.clone(),
            kind: row.kind,
            is_nullable: row.is_nullable,
            default: row.default.as_deref().map(normalised),
        });
        if row.key_position > 0 {
            keys.insert((row.of_table, row.key_position), row.name);
        }
    }
    for ((table, _), column) in keys {
        tables.get_mut(&table).expect("its columns are there").primary_key.push(column);
    }
    for table in tables.values_mut() {
        // An integer column that is the whole primary key is SQLite's row id.
        if let [key] = table.primary_key.as_slice()
            && let Some(column) = table.columns.iter_mut().find(|column| column.name == *key)
            && column.kind == "integer"
        {
            column.default = Some("generated".to_owned());
        }
    }
}

/// The `check` constraints in a table's SQL, because no pragma lists them.
fn checks(sql: &str) -> impl Iterator<Item = String> {
    let tokens = tokens(sql);
    let ends = |start: usize| {
        let mut depth = 0;
        let end = tokens[start..].iter().position(|token| {
            depth += match token.as_str() {
                "(" => 1,
                ")" => -1,
                _ => 0,
            };
            depth == 0
        });
        start + end.expect("a check ends")
    };
    let starts = (1..tokens.len()).filter(|at| tokens[at - 1] == "check");
    let texts: Vec<_> = starts.map(|start| tokens[start..=ends(start)].join(" ")).collect();
    texts.into_iter().map(|text| format!("check {}", normalised(&text)))
}

fn index_line(index: &Index) -> String {
    if index.origin == "u" {
        return format!("unique ({})", index.columns);
    }
    let unique = if index.is_unique { "unique " } else { "" };
    let tokens = tokens(index.sql.as_deref().unwrap_or_default());
    let predicate = tokens.iter().position(|token| token == "where");
    let predicate = predicate.map(|at| normalised(&tokens[at + 1..].join(" ")));
    let predicate = predicate.map(|text| format!(" where {text}")).unwrap_or_default();
    format!("{unique}index {} ({}){predicate}", index.name, index.columns)
}

/// Describes a statement such as `create trigger name after update on …`.
fn trigger_line(sql: &str) -> String {
    let tokens = tokens(sql);
    let [_, _, name, timing, event, on, ..] = tokens.as_slice() else {
        panic!("no trigger: {sql}")
    };
    assert_eq!(on, "on", "a trigger of some columns: {sql}");
    format!("trigger {timing} {event} {name}")
}
