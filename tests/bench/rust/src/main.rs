//! The reading part of the API as a good team would write it today in axum and tokio-postgres. Used by the benchmark
//! alone; tests/bench/README.md says what is fair about it.
//!
//! Both ways send a request's transaction (BEGIN, the caller's context, the statement, COMMIT) without waiting for the
//! answers in between. `plain` has a pool of connections, each for one request at a time, and tokio's own threads.
//! `multiplexed` has a runtime for each core with a few connections of its own, and each takes the transactions of
//! several requests, one behind the other.
//!
//!     anze-bench-rust SETTINGS      a file that tests/bench/bench.py writes
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use bytes::{BufMut, BytesMut};
use hmac::{Hmac, Mac};
use p256::ecdsa::signature::Verifier;
use p256::ecdsa::{Signature, VerifyingKey};
use p256::pkcs8::DecodePublicKey;
use serde::Deserialize;
use sha2::Sha256;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::Semaphore;
use tokio_postgres::types::{Format, FromSql, IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, NoTls, Row, Statement};

type Fault = Box<dyn std::error::Error + Send + Sync>;
type Texts = HashMap<String, String>;

#[derive(Deserialize)]
struct Settings {
    port: u16,
    way: String,
    connections: usize,
    database: String,
    key: String,
    kid: String,
    issuer: String,
    audience: String,
    cursor_key: String,
    settings: Vec<String>,
    operations: HashMap<String, Operation>,
}

/// A statement in its variants: which one values call for is told by their conditions, a bit for each.
#[derive(Deserialize)]
struct Operation {
    conditions: Vec<Condition>,
    variants: HashMap<String, Variant>,
}

#[derive(Deserialize)]
struct Condition {
    name: String,
    text: Option<String>,
}

#[derive(Deserialize)]
struct Variant {
    sql: String,
    slots: Vec<String>,
}

// ---- who calls ----

#[derive(Deserialize)]
struct Head {
    alg: String,
    typ: String,
    kid: String,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    client_id: String,
    exp: u64,
    scope: String,
    anze_region: Option<String>,
    anze_unit: Option<String>,
    #[serde(skip)]
    scopes: HashSet<String>,
}

/// Verifies tokens and remembers those that were good.
struct Door {
    key: VerifyingKey,
    verified: Mutex<HashMap<String, Arc<Claims>>>,
}

fn part<T: serde::de::DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_slice(&BASE64.decode(text).ok()?).ok()
}

impl Door {
    fn check(&self, settings: &Settings, token: &str) -> Option<Claims> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (head, body) = signed.split_once('.')?;
        let head: Head = part(head)?;
        let signature = Signature::from_slice(&BASE64.decode(signature).ok()?).ok()?;
        self.key.verify(signed.as_bytes(), &signature).ok()?;
        let mut claims: Claims = part(body)?;
        claims.scopes = claims.scope.split(' ').map(str::to_owned).collect();
        let is_ours = head.alg == "ES256" && head.typ == "at+jwt" && head.kid == settings.kid;
        (is_ours && claims.iss == settings.issuer && claims.aud == settings.audience).then_some(claims)
    }

    fn caller(&self, settings: &Settings, headers: &HeaderMap, scope: &str) -> Result<Arc<Claims>, StatusCode> {
        let token = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        let token = token.ok_or(StatusCode::UNAUTHORIZED)?;
        let known = self.verified.lock().unwrap().get(token).cloned();
        let claims = match known {
            Some(claims) => claims,
            None => {
                let claims = Arc::new(self.check(settings, token).ok_or(StatusCode::UNAUTHORIZED)?);
                self.verified.lock().unwrap().insert(token.to_owned(), claims.clone());
                claims
            }
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        match (claims.exp > now, claims.scopes.contains(scope)) {
            (false, _) => Err(StatusCode::UNAUTHORIZED),
            (_, false) => Err(StatusCode::FORBIDDEN),
            _ => Ok(claims),
        }
    }
}

// ---- database ----

/// A parameter of any type, sent as text for PostgreSQL to read.
#[derive(Debug)]
struct Text<'a>(Option<&'a str>);

impl ToSql for Text<'_> {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Fault> {
        Ok(self.0.map_or(IsNull::Yes, |text| {
            out.put_slice(text.as_bytes());
            IsNull::No
        }))
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, _: &Type) -> Format {
        Format::Text
    }

    to_sql_checked!();
}

/// Text or JSON as PostgreSQL wrote it; jsonb has a byte with its version before it.
struct Content<'a>(&'a str);

impl<'a> FromSql<'a> for Content<'a> {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Self, Fault> {
        let raw = if *kind == Type::JSONB { &raw[1..] } else { raw };
        Ok(Content(std::str::from_utf8(raw)?))
    }

    fn accepts(kind: &Type) -> bool {
        matches!(*kind, Type::TEXT | Type::VARCHAR | Type::JSON | Type::JSONB)
    }
}

struct Session {
    client: Client,
    context: Statement,
    statements: HashMap<String, Statement>, // by operation and bits
}

impl Session {
    /// Connected, with every statement prepared; its messages go through a task of this runtime.
    async fn open(settings: &Settings) -> Result<Session, Fault> {
        let (client, connection) = tokio_postgres::connect(&settings.database, NoTls).await?;
        tokio::spawn(connection);
        let set: Vec<String> = settings.settings.iter().enumerate()
            .map(|(i, name)| format!("set_config('{name}', ${}, true)", i + 1)).collect();
        let context = client.prepare(&format!("select {}", set.join(", "))).await?;
        let mut statements = HashMap::new();
        for (name, operation) in &settings.operations {
            for (bits, variant) in operation.variants.iter().filter(|(_, one)| !one.sql.contains("insert into")) {
                statements.insert(format!("{name}{bits}"), client.prepare(&variant.sql).await?);
            }
        }
        Ok(Session { client, context, statements })
    }

    /// One request's transaction. What is joined is polled in this order, and polled first without a pause, so that
    /// all four are queued together, whoever else uses the connection.
    async fn run(&self, statement: &str, context: &[Text<'_>], values: &[Text<'_>]) -> Result<Option<Row>, Fault> {
        let statement = self.statements.get(statement).ok_or("an unknown variant")?;
        let (context, values) = (parameters(context), parameters(values));
        let (began, set, found, committed) = futures_util::future::join4(
            self.client.batch_execute("begin"),
            self.client.query_one(&self.context, &context),
            self.client.query_opt(statement, &values),
            self.client.batch_execute("commit"),
        ).await;
        began?;
        set?;
        committed?;
        Ok(found?)
    }
}

fn parameters<'a>(values: &'a [Text<'a>]) -> Vec<&'a (dyn ToSql + Sync)> {
    values.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

enum Database {
    Pool { free: Mutex<Vec<Session>>, permits: Semaphore },
    Shared { sessions: Vec<Session>, next: AtomicUsize },
}

impl Database {
    async fn open(settings: &Settings, count: usize) -> Result<Database, Fault> {
        let mut sessions = Vec::new();
        for _ in 0..count {
            sessions.push(Session::open(settings).await?);
        }
        Ok(if settings.way == "plain" {
            Database::Pool { free: Mutex::new(sessions), permits: Semaphore::new(count) }
        } else {
            Database::Shared { sessions, next: AtomicUsize::new(0) }
        })
    }

    async fn run(&self, statement: &str, context: &[Text<'_>], values: &[Text<'_>]) -> Result<Option<Row>, Fault> {
        match self {
            Database::Pool { free, permits } => {
                let _permit = permits.acquire().await?;
                let session = free.lock().unwrap().pop().ok_or("no connection")?;
                let result = session.run(statement, context, values).await;
                free.lock().unwrap().push(session);
                result
            }
            Database::Shared { sessions, next } => {
                sessions[next.fetch_add(1, Relaxed) % sessions.len()].run(statement, context, values).await
            }
        }
    }
}

// ---- API ----

struct Service {
    settings: Arc<Settings>,
    door: Arc<Door>,
    database: Database,
    n_requests: AtomicUsize,
}

type Answer = Result<Response, StatusCode>;

fn scope_slot(claims: &Claims) -> (&'static str, &str) {
    match (&claims.anze_region, &claims.anze_unit) {
        (Some(region), _) => (match region.len() {
            2 => "scope_province",
            4 => "scope_city",
            6 => "scope_county",
            _ => "scope_town",
        }, region),
        (None, unit) => ("scope_unit", unit.as_deref().unwrap_or("")),
    }
}

impl Service {
    async fn run(&self, claims: &Claims, name: &str, mut values: Texts) -> Result<Row, StatusCode> {
        let (slot, text) = scope_slot(claims);
        for (slot, text) in [(slot, text), ("actor", &claims.sub), ("language", "zh")] {
            values.insert(slot.to_owned(), text.to_owned());
        }
        let operation = &self.settings.operations[name];
        let bits: String = operation.conditions.iter().map(|condition| {
            let value = values.get(&condition.name);
            let holds = condition.text.as_ref().map_or(value.is_some(), |text| value == Some(text));
            if holds { '1' } else { '0' }
        }).collect();
        let variant = operation.variants.get(&bits).ok_or(StatusCode::UNPROCESSABLE_ENTITY)?;
        let given: Vec<Text> = variant.slots.iter().map(|slot| Text(values.get(slot).map(String::as_str))).collect();
        let request = self.n_requests.fetch_add(1, Relaxed).to_string();
        let context: Vec<Text> = self.settings.settings.iter()
            .map(|setting| Text(Some(self.setting(setting, claims, name, &request)))).collect();
        let found = self.database.run(&format!("{name}{bits}"), &context, &given).await.map_err(|fault| {
            eprintln!("{name}: {fault}");
            StatusCode::INTERNAL_SERVER_ERROR
        })?;
        found.ok_or(StatusCode::NOT_FOUND)
    }

    fn setting<'a>(&self, setting: &str, claims: &'a Claims, operation: &'a str, request: &'a str) -> &'a str {
        let unit = claims.anze_unit.as_deref().unwrap_or("");
        match setting {
            "anze.actor" => &claims.sub,
            "anze.on_behalf_of" | "anze.unit" => unit,
            "anze.client" => &claims.client_id,
            "anze.reach" => if claims.anze_region.is_some() { "region" } else { "unit" },
            "anze.region" => claims.anze_region.as_deref().unwrap_or(""),
            "anze.scopes" => &claims.scope,
            "anze.operation" => operation,
            "anze.request" => request,
            "transaction_read_only" => "on",
            _ => "",
        }
    }

    fn cursor(&self, position: &str) -> String {
        let mut signer = Hmac::<Sha256>::new_from_slice(self.settings.cursor_key.as_bytes()).unwrap();
        signer.update(position.as_bytes());
        format!("\"{}.{}\"", BASE64.encode(position), BASE64.encode(signer.finalize().into_bytes()))
    }
}

fn text<'a>(row: &'a Row, column: &str) -> Option<&'a str> {
    row.get::<_, Option<Content>>(column).map(|content| content.0)
}

const JSON: (header::HeaderName, &str) = (header::CONTENT_TYPE, "application/json; charset=utf-8");
const FRESH: (header::HeaderName, &str) = (header::CACHE_CONTROL, "private, no-cache");

async fn get_accident(State(service): State<Arc<Service>>, Path(id): Path<String>, headers: HeaderMap) -> Answer {
    let claims = service.door.caller(&service.settings, &headers, "accidents:read")?;
    let row = service.run(&claims, "getAccident", Texts::from([("accident_id".to_owned(), id)])).await?;
    let tag = format!("\"{}\"", text(&row, "etag").unwrap_or(""));
    let body = text(&row, "body").unwrap_or("").to_owned();
    Ok(([JSON, FRESH], [(header::ETAG, tag)], body).into_response())
}

async fn list_accidents(State(service): State<Arc<Service>>, Query(mut values): Query<Texts>, headers: HeaderMap) -> Answer {
    let claims = service.door.caller(&service.settings, &headers, "accidents:read")?;
    values.entry("sort".to_owned()).or_insert_with(|| "-occurred_at".to_owned());
    let limit = values.entry("limit".to_owned()).or_insert_with(|| "20".to_owned()).clone();
    let row = service.run(&claims, "listAccidents", values).await?;
    let next = text(&row, "next").map_or("null".to_owned(), |position| service.cursor(position));
    let items = text(&row, "items").unwrap_or("[]");
    let body = format!("{{\"items\":{items},\"page\":{{\"limit\":{limit},\"next\":{next}}}}}");
    Ok(([JSON, FRESH], body).into_response())
}

// ---- the program ----

async fn serve(settings: Arc<Settings>, door: Arc<Door>, listener: TcpListener, connections: usize) -> Result<(), Fault> {
    let database = Database::open(&settings, connections).await?;
    let service = Arc::new(Service { settings, door, database, n_requests: AtomicUsize::new(0) });
    let routes = Router::new()
        .route("/readyz", get(|| async { "{\"status\":\"pass\"}" }))
        .route("/v1/accidents/{accident_id}", get(get_accident))
        .route("/v1/accidents", get(list_accidents))
        .with_state(service);
    Ok(axum::serve(listener, routes).await?)
}

fn listen(port: u16) -> Result<TcpListener, Fault> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseport(true)?;
    socket.set_nodelay(true)?;
    socket.bind(([127, 0, 0, 1], port).into())?;
    Ok(socket.listen(1024)?)
}

/// A core's own runtime, port and connections: what comes by one of its sockets never leaves it.
fn serve_alone(settings: Arc<Settings>, door: Arc<Door>, connections: usize) -> Result<(), Fault> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async { serve(settings.clone(), door, listen(settings.port)?, connections).await })
}

fn main() -> Result<(), Fault> {
    let path = std::env::args().nth(1).ok_or("usage: anze-bench-rust SETTINGS")?;
    let settings: Arc<Settings> = Arc::new(serde_json::from_slice(&std::fs::read(path)?)?);
    let key = VerifyingKey::from_public_key_pem(&std::fs::read_to_string(&settings.key)?)?;
    let door = Arc::new(Door { key, verified: Mutex::new(HashMap::new()) });
    if settings.way == "plain" {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let connections = settings.connections;
        return runtime.block_on(async { serve(settings.clone(), door, listen(settings.port)?, connections).await });
    }
    let cores = std::thread::available_parallelism()?.get();
    let connections = settings.connections.div_ceil(cores);
    let threads: Vec<_> = (0..cores).map(|_| {
        let (settings, door) = (settings.clone(), door.clone());
        std::thread::spawn(move || serve_alone(settings, door, connections))
    }).collect();
    threads.into_iter().try_for_each(|thread| thread.join().unwrap())
}
