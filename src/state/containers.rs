//! The table `containers`.

use super::{Db, StateError, query};
use crate::model::{ContainerConfig, ContainerId};
use rusqlite::{OptionalExtension as _, params};

impl Db {
    /// Records a new container; its name is claimed in the same step.
    ///
    /// # Errors
    /// `NameInUse`, or the database fails.
    pub fn insert_container(&mut self, config: &ContainerConfig) -> Result<(), StateError> {
        let text = serde_json::to_string(config).map_err(|source| StateError::BadRow { what: "a container", source })?;
        let done = self.connection.execute(
            "INSERT INTO containers (id, name, image, created, config) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![config.id.as_str(), config.name, config.image.hex(), config.created_at, text],
        );
        match done {
            Ok(_) => Ok(()),
            Err(rusqlite::Error::SqliteFailure(error, _)) if error.code == rusqlite::ErrorCode::ConstraintViolation => {
                let holder = self.container_by_name(&config.name)?.map(|other| other.id.short().to_owned());
                Err(StateError::NameInUse { name: config.name.clone(), holder: holder.unwrap_or_default() })
            }
            Err(source) => Err(query("record the container")(source)),
        }
    }

    /// Returns the container that has exactly this name.
    ///
    /// # Errors
    /// The database fails or the row cannot be read.
    pub fn container_by_name(&self, name: &str) -> Result<Option<ContainerConfig>, StateError> {
        let text: Option<String> = self
            .connection
            .query_row("SELECT config FROM containers WHERE name = ?1", params![name], |row| row.get(0))
            .optional()
            .map_err(query("look up the container"))?;
        text.map(|text| parse(&text)).transpose()
    }

    /// Returns at most two containers whose id begins with `prefix`: two mean that it is ambiguous.
    ///
    /// # Errors
    /// The database fails or a row cannot be read.
    pub fn containers_by_id_prefix(&self, prefix: &str) -> Result<Vec<ContainerConfig>, StateError> {
        self.many_containers("SELECT config FROM containers WHERE id >= ?1 AND id < ?1 || 'g' LIMIT 2", params![prefix])
    }

    /// Returns every container, newest first.
    ///
    /// # Errors
    /// The database fails or a row cannot be read.
    pub fn containers(&self) -> Result<Vec<ContainerConfig>, StateError> {
        self.many_containers("SELECT config FROM containers ORDER BY created DESC, id", [])
    }

    /// Returns the containers that were made from this image.
    ///
    /// # Errors
    /// The database fails or a row cannot be read.
    pub fn containers_of_image(&self, image: &str) -> Result<Vec<ContainerConfig>, StateError> {
        self.many_containers("SELECT config FROM containers WHERE image = ?1 ORDER BY created DESC", params![image])
    }

    /// Returns the containers in whose configuration another one's id stands: those that may depend on it.
    ///
    /// # Errors
    /// The database fails or a row cannot be read.
    pub fn containers_that_name(&self, id: &ContainerId) -> Result<Vec<ContainerConfig>, StateError> {
        let sql = "SELECT config FROM containers WHERE id != ?1 AND instr(config, ?1) > 0 ORDER BY created DESC";
        self.many_containers(sql, params![id.as_str()])
    }

    /// Returns the id of every container, without reading what it is.
    ///
    /// # Errors
    /// The database fails.
    pub fn container_ids(&self) -> Result<Vec<ContainerId>, StateError> {
        let action = "list containers";
        let mut statement = self.connection.prepare("SELECT id FROM containers").map_err(query(action))?;
        let rows = statement.query_map([], |row| row.get::<_, String>(0)).map_err(query(action))?;
        let ids = rows.collect::<Result<Vec<_>, _>>().map_err(query(action))?;
        Ok(ids.into_iter().filter_map(|id| ContainerId::try_from(id).ok()).collect())
    }

    /// Gives a container other limits, another supervision and environment; the rest of the row stays.
    ///
    /// # Errors
    /// The database fails.
    pub fn update_container(&mut self, config: &ContainerConfig) -> Result<(), StateError> {
        fn text<T: serde::Serialize>(what: &'static str, value: &T) -> Result<String, StateError> {
            serde_json::to_string(value).map_err(|source| StateError::BadRow { what, source })
        }
        let limits = text("limits", &config.limits)?;
        let supervision = text("supervision", &config.supervision)?;
        let env = text("environment", &config.env)?;
        let sql = "UPDATE containers SET config = json_set(config, '$.limits', json(?2), '$.supervision', json(?3), '$.env', json(?4)) \
                   WHERE id = ?1";
        let done = self.connection.execute(sql, params![config.id.as_str(), limits, supervision, env]);
        done.map(drop).map_err(query("record the container's changes"))
    }

    /// Gives a container another name and returns what it is then; nothing where it is gone.
    ///
    /// # Errors
    /// `NameInUse`, or the database fails.
    pub fn rename_container(&mut self, id: &ContainerId, name: &str) -> Result<Option<ContainerConfig>, StateError> {
        let action = "rename the container";
        let done = {
            let transaction = self.transaction(action)?;
            let sql = "UPDATE containers SET name = ?2, config = json_set(config, '$.name', ?2) WHERE id = ?1 RETURNING config";
            let row = transaction.query_row(sql, params![id.as_str(), name], |row| row.get::<_, String>(0)).optional();
            row.and_then(|text| transaction.commit().map(|()| text))
        };
        match done {
            Ok(text) => text.map(|text| parse(&text)).transpose(),
            Err(rusqlite::Error::SqliteFailure(error, _)) if error.code == rusqlite::ErrorCode::ConstraintViolation => {
                let holder = self.container_by_name(name)?.map(|other| other.id.short().to_owned());
                Err(StateError::NameInUse { name: name.to_owned(), holder: holder.unwrap_or_default() })
            }
            Err(source) => Err(query(action)(source)),
        }
    }

    /// Removes the row; returns whether it was there. The folder has to be gone before.
    ///
    /// # Errors
    /// The database fails.
    pub fn remove_container(&mut self, id: &ContainerId) -> Result<bool, StateError> {
        self.giving_room(|db| {
            let gone = db.connection.execute("DELETE FROM containers WHERE id = ?1", params![id.as_str()]);
            gone.map(|count| count > 0).map_err(query("remove the container"))
        })
    }

    fn many_containers(&self, sql: &str, keys: impl rusqlite::Params) -> Result<Vec<ContainerConfig>, StateError> {
        let action = "look up containers";
        let mut statement = self.connection.prepare(sql).map_err(query(action))?;
        let rows = statement.query_map(keys, |row| row.get::<_, String>(0)).map_err(query(action))?;
        rows.map(|row| row.map_err(query(action)).and_then(|text| parse(&text))).collect()
    }
}

fn parse(text: &str) -> Result<ContainerConfig, StateError> {
    serde_json::from_str(text).map_err(|source| StateError::BadRow { what: "a container", source })
}
