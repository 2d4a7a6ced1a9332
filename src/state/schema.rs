//! The tables, and the way from one version to the next.

use rusqlite::{Connection, TransactionBehavior};

/// The schema's version, in `PRAGMA user_version`; 0 is a new file.
pub(super) const VERSION: i64 = 4;

const V1: &str = "
CREATE TABLE images (
    id TEXT PRIMARY KEY NOT NULL,       -- digest of the config, 64 hex digits
    manifest TEXT NOT NULL,             -- digest of the manifest, sha256:…
    created INTEGER NOT NULL,           -- ns since the epoch
    size INTEGER NOT NULL,              -- bytes, unpacked
    layers TEXT NOT NULL,               -- JSON array of diffIDs, bottom first
    config TEXT NOT NULL                -- the image config as it is in blobs/
) STRICT, WITHOUT ROWID;
CREATE TABLE names (
    name TEXT PRIMARY KEY NOT NULL,     -- registry/repository:tag or @digest
    image TEXT NOT NULL REFERENCES images(id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX names_image ON names(image);
CREATE TABLE layers (
    diff_id TEXT PRIMARY KEY NOT NULL,  -- 64 hex digits
    size INTEGER NOT NULL               -- bytes, unpacked
) STRICT, WITHOUT ROWID;
CREATE TABLE containers (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL UNIQUE,
    image TEXT NOT NULL,
    created INTEGER NOT NULL,           -- ns since the epoch
    config TEXT NOT NULL                -- JSON of model::ContainerConfig
) STRICT, WITHOUT ROWID;
CREATE INDEX containers_image ON containers(image);
";

/// Volumes; and the mounts of containers say what kind they are: all of the first version were bind mounts.
const V2: &str = "
CREATE TABLE volumes (
    name TEXT PRIMARY KEY NOT NULL,
    config TEXT NOT NULL                -- JSON of model::Volume
) STRICT, WITHOUT ROWID;
UPDATE containers SET config = json_set(config, '$.mounts',
    json((SELECT json_group_array(json_set(mount.value, '$.type', 'bind')) FROM json_each(config, '$.mounts') AS mount)))
    WHERE json_array_length(config, '$.mounts') > 0;
";

const V3: &str = "
CREATE TABLE pulls (
    name TEXT PRIMARY KEY NOT NULL,     -- as in names
    image TEXT NOT NULL REFERENCES images(id) ON DELETE CASCADE,
    digest TEXT NOT NULL,               -- of the manifest or index that the name led to, sha256:…
    platform TEXT NOT NULL              -- that was asked for
) STRICT, WITHOUT ROWID;
CREATE TABLE layer_blobs (
    diff_id TEXT NOT NULL REFERENCES layers(diff_id) ON DELETE CASCADE,
    digest TEXT NOT NULL,               -- of the compressed blob, sha256:…
    registry TEXT NOT NULL,
    repository TEXT NOT NULL,           -- that has the blob
    size INTEGER NOT NULL,              -- bytes, compressed
    compression TEXT NOT NULL,          -- none, gzip or zstd
    PRIMARY KEY (diff_id, digest, registry, repository)
) STRICT, WITHOUT ROWID;
";

/// Networks, and which container has which address.
const V4: &str = "
CREATE TABLE networks (
    name TEXT PRIMARY KEY NOT NULL,
    id TEXT NOT NULL UNIQUE,            -- 64 hex digits
    config TEXT NOT NULL                -- JSON of model::Network
) STRICT, WITHOUT ROWID;
CREATE TABLE leases (
    network TEXT NOT NULL,              -- a name; the default network needs no row
    address BLOB NOT NULL,              -- 4 or 16 bytes, the most significant first
    container TEXT NOT NULL REFERENCES containers(id) ON DELETE CASCADE,
    position INTEGER NOT NULL,          -- of the subnet among those of the network
    prefix INTEGER NOT NULL,            -- length of the subnet's prefix
    mac TEXT NOT NULL,
    PRIMARY KEY (network, address)
) STRICT, WITHOUT ROWID;
CREATE INDEX leases_container ON leases(container);
CREATE TABLE last_leases (
    network TEXT NOT NULL,
    subnet TEXT NOT NULL,
    address BLOB NOT NULL,              -- that was chosen last out of the subnet
    PRIMARY KEY (network, subnet)
) STRICT, WITHOUT ROWID;
";

/// Brings the file to `VERSION`; the second of two commands that do so at once finds it done.
pub(super) fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    // journal_mode cannot change inside a transaction, and waits for no lock holder: an error here is SQLITE_BUSY from
    // another command that sets the same, so the busy timeout is left to the transaction below.
    let _: rusqlite::Result<String> = connection.query_row("PRAGMA journal_mode=WAL", [], |row| row.get(0));
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Exclusive)?;
    let version: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if version < 1 {
        transaction.execute_batch(V1)?;
    }
    if version < 2 {
        transaction.execute_batch(V2)?;
    }
    if version < 3 {
        transaction.execute_batch(V3)?;
    }
    if version < 4 {
        transaction.execute_batch(V4)?;
    }
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_the_first_version_are_kept_and_their_mounts_get_a_type() {
        let mut connection = Connection::open_in_memory().expect("open");
        connection.execute_batch(V1).expect("v1");
        connection.pragma_update(None, "user_version", 1).expect("version");
        let config = r#"{"a":"b","mounts":[{"source":"/s","target":"/t","read_only":true},{"source":"/2","target":"/3"}]}"#;
        let insert = "INSERT INTO containers (id, name, image, created, config) VALUES (?1, ?1, 'i', 0, ?2)";
        connection.execute(insert, ["one", config]).expect("insert");
        connection.execute(insert, ["none", r#"{"mounts":[]}"#]).expect("insert");
        migrate(&mut connection).expect("migrate");
        let read = |id: &str| -> serde_json::Value {
            let text: String =
                connection.query_row("SELECT config FROM containers WHERE id = ?1", [id], |row| row.get(0)).expect("row");
            serde_json::from_str(&text).expect("json")
        };
        let mounts = serde_json::json!([
            {"source": "/s", "target": "/t", "read_only": true, "type": "bind"},
            {"source": "/2", "target": "/3", "type": "bind"}
        ]);
        assert_eq!(read("one"), serde_json::json!({"a": "b", "mounts": mounts}));
        assert_eq!(read("none"), serde_json::json!({"mounts": []}));
    }
}
