//! The table `networks`, and the networks that containers name.

use super::volumes::Change;
use super::{Db, StateError, query};
use crate::model::{ContainerConfig, ContainerId, Network};
use rusqlite::{Connection, OptionalExtension as _, params};

impl Db {
    /// Records the network that `choose` makes, which gets all that are there; both under the write lock, so that no two networks
    /// get the same name, interface or addresses.
    ///
    /// # Errors
    /// The database or `choose` fails.
    pub fn insert_network<E: From<StateError>>(
        &mut self,
        choose: impl FnOnce(&[Network]) -> Result<Network, E>,
    ) -> Result<Network, E> {
        let action = "record the network";
        let transaction = self.transaction(action)?;
        let network = choose(&all(&transaction)?)?;
        transaction
            .execute(
                "INSERT INTO networks (name, id, config) VALUES (?1, ?2, ?3)",
                params![network.name, network.id, text(&network)?],
            )
            .map_err(query(action))?;
        transaction.commit().map_err(query(action))?;
        Ok(network)
    }

    /// Puts a network into the place of the one that has its name, or beside the others where none has.
    ///
    /// # Errors
    /// The database fails.
    pub fn replace_network(&mut self, network: &Network) -> Result<(), StateError> {
        let sql = "INSERT OR REPLACE INTO networks (name, id, config) VALUES (?1, ?2, ?3)";
        let done = self.connection.execute(sql, params![network.name, network.id, text(network)?]);
        done.map(drop).map_err(query("record the network's changes"))
    }

    /// Removes a network and what is remembered of its addresses. `allow` gets the ids of the containers that name it, under the
    /// write lock, and may refuse.
    ///
    /// # Errors
    /// The database or `allow` fails; the row is then still there.
    pub fn remove_network<E: From<StateError>>(
        &mut self,
        name: &str,
        allow: impl FnOnce(&[String]) -> Result<(), E>,
    ) -> Result<Change, E> {
        let action = "remove the network";
        let transaction = self.transaction(action)?;
        let users = users_of(&transaction, name)?;
        let done = transaction.execute("DELETE FROM networks WHERE name = ?1", params![name]).map_err(query(action))?;
        if done == 0 {
            return Ok(Change::Nothing);
        }
        allow(&users)?;
        for sql in ["DELETE FROM leases WHERE network = ?1", "DELETE FROM last_leases WHERE network = ?1"] {
            transaction.execute(sql, params![name]).map_err(query(action))?;
        }
        transaction.commit().map_err(query(action))?;
        Ok(Change::Done)
    }

    /// Returns the network of exactly this name.
    ///
    /// # Errors
    /// The database fails or the row cannot be read.
    pub fn network(&self, name: &str) -> Result<Option<Network>, StateError> {
        let row = self
            .connection
            .query_row("SELECT config FROM networks WHERE name = ?1", params![name], |row| row.get::<_, String>(0))
            .optional();
        row.map_err(query("look up the network"))?.map(|text| parse(&text)).transpose()
    }

    /// Returns every network that was made, by name.
    ///
    /// # Errors
    /// The database fails or a row cannot be read.
    pub fn networks(&self) -> Result<Vec<Network>, StateError> {
        all(&self.connection)
    }

    /// Returns the ids of the containers that are joined to a network, running or not, oldest first.
    ///
    /// # Errors
    /// The database fails.
    pub fn containers_of_network(&self, name: &str) -> Result<Vec<String>, StateError> {
        users_of(&self.connection, name)
    }

    /// Changes a container's networks under the write lock: `change` gets the row as it is then, and its `network` is kept. Nothing
    /// where the container is gone.
    ///
    /// # Errors
    /// The database or `change` fails; nothing is changed then.
    pub fn change_container_network<E: From<StateError>>(
        &mut self,
        id: &ContainerId,
        change: impl FnOnce(&mut ContainerConfig) -> Result<(), E>,
    ) -> Result<Option<ContainerConfig>, E> {
        let action = "record the container's networks";
        let transaction = self.transaction(action)?;
        let row = transaction
            .query_row("SELECT config FROM containers WHERE id = ?1", params![id.as_str()], |row| row.get::<_, String>(0))
            .optional();
        let Some(row) = row.map_err(query(action))? else { return Ok(None) };
        let what = |source| StateError::BadRow { what: "a container", source };
        let mut config: ContainerConfig = serde_json::from_str(&row).map_err(what)?;
        change(&mut config)?;
        let network = serde_json::to_string(&config.network).map_err(what)?;
        let sql = "UPDATE containers SET config = json_set(config, '$.network', json(?2)) WHERE id = ?1";
        transaction.execute(sql, params![id.as_str(), network]).map_err(query(action))?;
        transaction.commit().map_err(query(action))?;
        Ok(Some(config))
    }
}

fn all(connection: &Connection) -> Result<Vec<Network>, StateError> {
    let action = "list networks";
    let mut statement = connection.prepare("SELECT config FROM networks ORDER BY name").map_err(query(action))?;
    let rows = statement.query_map([], |row| row.get::<_, String>(0)).map_err(query(action))?;
    rows.map(|row| row.map_err(query(action)).and_then(|text| parse(&text))).collect()
}

fn users_of(connection: &Connection, name: &str) -> Result<Vec<String>, StateError> {
    let action = "look up the users of the network";
    let sql = "SELECT DISTINCT containers.id FROM containers, json_each(containers.config, '$.network.bridge') AS attachment \
        WHERE json_extract(attachment.value, '$.network') = ?1 ORDER BY containers.created";
    let mut statement = connection.prepare(sql).map_err(query(action))?;
    let rows = statement.query_map(params![name], |row| row.get::<_, String>(0)).map_err(query(action))?;
    rows.collect::<Result<_, _>>().map_err(query(action))
}

fn text(network: &Network) -> Result<String, StateError> {
    serde_json::to_string(network).map_err(|source| StateError::BadRow { what: "a network", source })
}

fn parse(text: &str) -> Result<Network, StateError> {
    serde_json::from_str(text).map_err(|source| StateError::BadRow { what: "a network", source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_chosen_knowing_the_others_and_kept_while_it_is_refused_to_go() {
        let folder = tempfile::tempdir().expect("tempdir");
        let mut db = Db::open(&folder.path().join("state.db")).expect("open");
        let named = |name: &str| Network { name: name.to_owned(), id: name.repeat(64), ..Network::default() };
        let made = db.insert_network(|others| {
            assert_eq!(others, []);
            Ok::<_, StateError>(named("a"))
        });
        assert_eq!(made.expect("insert"), named("a"));
        let refuse = || StateError::NameInUse { name: String::new(), holder: String::new() };
        let second = db.insert_network(|others| {
            assert_eq!(others, [named("a")]);
            Err(refuse())
        });
        assert!(second.is_err());
        assert!(db.remove_network("a", |_| Err(refuse())).is_err());
        let changed = Network { internal: true, ..named("a") };
        db.replace_network(&changed).expect("replace");
        assert_eq!(db.network("a").expect("look up"), Some(changed));
        assert_eq!(
            db.remove_network::<StateError>("a", |users| users.is_empty().then_some(()).ok_or_else(refuse)).expect("remove"),
            Change::Done
        );
        assert_eq!(db.remove_network::<StateError>("a", |_| Ok(())).expect("remove"), Change::Nothing);
        assert_eq!(db.networks().expect("list"), []);
    }
}
