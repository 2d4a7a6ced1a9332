//! The table `volumes`.

use super::{Db, StateError, query};
use crate::model::Volume;
use rusqlite::{OptionalExtension as _, params};

/// What a change of the table did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Done,
    /// The name was taken, or there was nothing of that name.
    Nothing,
}

impl Db {
    /// Records a volume once `prepare` has made its folder; both under the write lock, so that nobody makes or removes a volume
    /// meanwhile. A row of that name counts where `stands` says that its folder is there: then nothing is done. One without says
    /// nothing any more and is replaced.
    ///
    /// # Errors
    /// The database or `prepare` fails.
    pub fn insert_volume<E: From<StateError>>(
        &mut self,
        volume: &Volume,
        stands: impl FnOnce() -> bool,
        prepare: impl FnOnce() -> Result<(), E>,
    ) -> Result<Change, E> {
        let action = "record the volume";
        let text = serde_json::to_string(volume).map_err(|source| StateError::BadRow { what: "a volume", source })?;
        let transaction = self.transaction(action)?;
        if is_recorded(&transaction, &volume.name)? && stands() {
            return Ok(Change::Nothing);
        }
        transaction
            .execute("INSERT OR REPLACE INTO volumes (name, config) VALUES (?1, ?2)", params![volume.name, text])
            .map_err(query(action))?;
        prepare()?;
        transaction.commit().map_err(query(action))?;
        Ok(Change::Done)
    }

    /// Does something about a name that no volume has, under the write lock, so that no volume comes to have it meanwhile. Nothing
    /// where there is one.
    ///
    /// # Errors
    /// The database or `act` fails.
    pub fn without_volume<E: From<StateError>>(&mut self, name: &str, act: impl FnOnce() -> Result<(), E>) -> Result<Change, E> {
        let transaction = self.transaction("look for the volume")?;
        if is_recorded(&transaction, name)? {
            return Ok(Change::Nothing);
        }
        act()?;
        Ok(Change::Done)
    }

    /// Removes a volume's row, after `act` has taken its folder away; both under the write lock. `act` gets the ids of the
    /// containers that use the volume, and may refuse.
    ///
    /// # Errors
    /// The database or `act` fails; the row is then still there.
    pub fn remove_volume<E: From<StateError>>(
        &mut self,
        name: &str,
        act: impl FnOnce(&[String]) -> Result<(), E>,
    ) -> Result<Change, E> {
        let action = "remove the volume";
        let transaction = self.transaction(action)?;
        let users = users_of(&transaction, name)?;
        let done = transaction.execute("DELETE FROM volumes WHERE name = ?1", params![name]).map_err(query(action))?;
        if done == 0 {
            return Ok(Change::Nothing);
        }
        act(&users)?;
        transaction.commit().map_err(query(action))?;
        Ok(Change::Done)
    }

    /// Returns the volume of exactly this name.
    ///
    /// # Errors
    /// The database fails or the row cannot be read.
    pub fn volume(&self, name: &str) -> Result<Option<Volume>, StateError> {
        let text: Option<String> = self
            .connection
            .query_row("SELECT config FROM volumes WHERE name = ?1", params![name], |row| row.get(0))
            .optional()
            .map_err(query("look up the volume"))?;
        text.map(|text| parse(&text)).transpose()
    }

    /// Returns every volume, by name.
    ///
    /// # Errors
    /// The database fails or a row cannot be read.
    pub fn volumes(&self) -> Result<Vec<Volume>, StateError> {
        let action = "list volumes";
        let mut statement = self.connection.prepare("SELECT config FROM volumes ORDER BY name").map_err(query(action))?;
        let rows = statement.query_map([], |row| row.get::<_, String>(0)).map_err(query(action))?;
        rows.map(|row| row.map_err(query(action)).and_then(|text| parse(&text))).collect()
    }

    /// Returns the ids of the containers that mount a volume.
    ///
    /// # Errors
    /// The database fails.
    pub fn containers_of_volume(&self, name: &str) -> Result<Vec<String>, StateError> {
        users_of(&self.connection, name)
    }
}

fn is_recorded(connection: &rusqlite::Connection, name: &str) -> Result<bool, StateError> {
    let found = connection.query_row("SELECT EXISTS (SELECT 1 FROM volumes WHERE name = ?1)", params![name], |row| row.get(0));
    found.map_err(query("look up the volume"))
}

fn users_of(connection: &rusqlite::Connection, name: &str) -> Result<Vec<String>, StateError> {
    let action = "look up the users of the volume";
    let sql = "SELECT DISTINCT containers.id FROM containers, json_each(containers.config, '$.mounts') AS mount \
        WHERE json_extract(mount.value, '$.type') = 'volume' AND json_extract(mount.value, '$.name') = ?1 \
        ORDER BY containers.created";
    let mut statement = connection.prepare(sql).map_err(query(action))?;
    let rows = statement.query_map(params![name], |row| row.get::<_, String>(0)).map_err(query(action))?;
    rows.collect::<Result<_, _>>().map_err(query(action))
}

fn parse(text: &str) -> Result<Volume, StateError> {
    serde_json::from_str(text).map_err(|source| StateError::BadRow { what: "a volume", source })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open() -> (tempfile::TempDir, Db) {
        let folder = tempfile::tempdir().expect("tempdir");
        let db = Db::open(&folder.path().join("state.db")).expect("open");
        (folder, db)
    }

    fn named(name: &str) -> Volume {
        Volume { name: name.to_owned(), ..Volume::default() }
    }

    #[test]
    fn a_name_is_taken_once_and_free_after_removal() {
        let (_folder, mut db) = open();
        let fine = || Ok::<(), StateError>(());
        assert_eq!(db.insert_volume(&named("v"), || false, fine).expect("insert"), Change::Done);
        let again = db.insert_volume::<StateError>(&named("v"), || true, || panic!("the folder is somebody's"));
        assert_eq!(again.expect("again"), Change::Nothing);
        assert_eq!(db.volume("v").expect("look up"), Some(named("v")));
        assert_eq!(db.remove_volume("v", |_| fine()).expect("remove"), Change::Done);
        assert_eq!(db.remove_volume("v", |_| fine()).expect("remove"), Change::Nothing);
        assert_eq!(db.volumes().expect("list"), Vec::new());
    }

    #[test]
    fn what_fails_changes_nothing() {
        let (_folder, mut db) = open();
        let fail = || Err(StateError::NameInUse { name: String::new(), holder: String::new() });
        assert!(db.insert_volume(&named("v"), || false, fail).is_err());
        assert_eq!(db.volume("v").expect("look up"), None);
        db.insert_volume::<StateError>(&named("v"), || false, || Ok(())).expect("insert");
        assert!(db.remove_volume("v", |_| fail()).is_err());
        assert_eq!(db.volumes().expect("list").len(), 1);
    }
    #[test]
    fn a_row_without_its_folder_is_replaced() {
        let (_folder, mut db) = open();
        let fine = || Ok::<(), StateError>(());
        db.insert_volume(&named("v"), || false, fine).expect("insert");
        let newer = Volume { anonymous: true, ..named("v") };
        assert_eq!(db.insert_volume(&newer, || false, fine).expect("replace"), Change::Done);
        assert_eq!(db.volume("v").expect("look up"), Some(newer));
        assert_eq!(db.without_volume::<StateError>("v", || panic!("there is one")).expect("look"), Change::Nothing);
        assert_eq!(db.without_volume("w", fine).expect("look"), Change::Done);
        assert_eq!(db.volumes().expect("list").len(), 1);
    }
}
