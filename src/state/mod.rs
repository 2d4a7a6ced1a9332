//! The database: rows to model types and back, nothing else.
//!
//! One SQLite file in WAL mode with `synchronous=NORMAL`: a commit costs no fsync, and a power cut loses at most the last
//! commits, never the file. What is alive is not in here (see the crate documentation).

mod containers;
mod images;
pub mod leases;
pub mod networks;
mod origins;
mod reserve;
mod schema;
pub mod volumes;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a command waits for another command's transaction. Transactions are single statements or a handful.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// The byte of the index file (`-shm`) that every open connection has a shared lock on. Who opens the database and finds it free
/// makes the index anew from the whole log; else the index that is there counts (SQLite's os_unix.c, `UNIX_SHM_DMS`, the "dead man
/// switch").
const INDEX_IN_USE: i64 = 128;

/// How many pages the log may have before a commit copies it into the database. Fewer than SQLite's 1000: a command that finds no
/// other reads the whole log.
const LOG_PAGES: u32 = 300;

/// An open database.
#[derive(Debug)]
pub struct Db {
    connection: Connection,
}

/// Why the database did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    #[error("open database {}", path.display())]
    Open {
        path: PathBuf,
        #[source]
        source: rusqlite::Error,
    },
    #[error("database {} has schema {found}, this coracle knows {known} (use the newer coracle that wrote it)", path.display())]
    TooNew { path: PathBuf, found: i64, known: i64 },
    #[error("{action}")]
    Query {
        action: &'static str,
        #[source]
        source: rusqlite::Error,
    },
    #[error("read {what} from the database")]
    BadRow {
        what: &'static str,
        #[source]
        source: serde_json::Error,
    },
    #[error("the name {name:?} is in use by container {holder}")]
    NameInUse { name: String, holder: String },
    #[error("the address {address} of network {network} is in use by container {holder}")]
    AddressInUse { network: String, address: std::net::IpAddr, holder: String },
    #[error("network {network} has no free address left in {subnet} (remove containers, or make a network with a larger subnet)")]
    NoAddressLeft { network: String, subnet: ipnet::IpNet },
}

impl Db {
    /// Opens the database, making or migrating it first where needed.
    ///
    /// # Errors
    /// The file cannot be opened or made, is no database, or was written by a newer coracle.
    pub fn open(path: &Path) -> Result<Self, StateError> {
        let fail = |source| StateError::Open { path: path.to_owned(), source };
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(path, flags).map_err(fail)?;
        connection.busy_timeout(BUSY_TIMEOUT).map_err(fail)?;
        let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(fail)?;
        if found > schema::VERSION {
            return Err(StateError::TooNew { path: path.to_owned(), found, known: schema::VERSION });
        }
        if found < schema::VERSION {
            schema::migrate(&mut connection).map_err(fail)?;
        }
        let pragmas = format!("PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON; PRAGMA wal_autocheckpoint={LOG_PAGES};");
        connection.execute_batch(&pragmas).map_err(fail)?;
        // The last one to close would else copy the log into the database with two fsyncs and delete it: at the end of nearly
        // every command. So the log and its index stay; a full disk has room for them when the next command comes.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(fail)?;
        Ok(Self { connection })
    }

    /// The file and the byte of it on which a shared lock keeps the index of the database's log in use. A process that lives long
    /// and holds it spares every command the reading of the log; after its death or a reboot the index is made anew.
    #[must_use]
    pub fn index_in_use(database: &Path) -> (PathBuf, i64) {
        let mut name = database.as_os_str().to_owned();
        name.push("-shm");
        (name.into(), INDEX_IN_USE)
    }

    fn transaction(&mut self, action: &'static str) -> Result<rusqlite::Transaction<'_>, StateError> {
        self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(query(action))
    }
}

fn query(action: &'static str) -> impl Fn(rusqlite::Error) -> StateError {
    move |source| StateError::Query { action, source }
}
