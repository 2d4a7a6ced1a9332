//! The tables `images`, `names` and `layers`.

use super::{Db, StateError, query};
use crate::model::{DiffId, Digest, ImageId, ImageRecord};
use rusqlite::{OptionalExtension as _, Row, params};

const COLUMNS: &str = "id, manifest, created, size, layers, config, \
    (SELECT json_group_array(name) FROM (SELECT name FROM names WHERE image = images.id ORDER BY name)) AS names";

impl Db {
    /// Returns the image that has exactly this full reference.
    ///
    /// # Errors
    /// The database fails or a row cannot be read.
    pub fn image_by_name(&self, name: &str) -> Result<Option<ImageRecord>, StateError> {
        let sql = format!("SELECT {COLUMNS} FROM images WHERE id = (SELECT image FROM names WHERE name = ?1)");
        self.one_image(&sql, name)
    }

    /// Returns at most two images whose id begins with `prefix`: two mean that it is ambiguous.
    ///
    /// # Errors
    /// The database fails or a row cannot be read.
    pub fn images_by_id_prefix(&self, prefix: &str) -> Result<Vec<ImageRecord>, StateError> {
        let sql = format!("SELECT {COLUMNS} FROM images WHERE id >= ?1 AND id < ?1 || 'g' LIMIT 2");
        self.many_images(&sql, params![prefix])
    }

    /// Returns every image, newest first.
    ///
    /// # Errors
    /// The database fails or a row cannot be read.
    pub fn images(&self) -> Result<Vec<ImageRecord>, StateError> {
        self.many_images(&format!("SELECT {COLUMNS} FROM images ORDER BY created DESC, id"), [])
    }

    /// Records an image, its layers, and moves `names` to it, in one transaction.
    ///
    /// A name that another image had is taken from it. An image that is known keeps its other names.
    ///
    /// # Errors
    /// The database fails.
    pub fn put_image(&mut self, image: &ImageRecord, layer_sizes: &[(DiffId, u64)]) -> Result<(), StateError> {
        let action = "record the image";
        let transaction = self.transaction(action)?;
        let layers = serde_json::to_string(&image.layers).map_err(|source| StateError::BadRow { what: "layers", source })?;
        transaction
            .execute(
                "INSERT INTO images (id, manifest, created, size, layers, config) VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
                 ON CONFLICT (id) DO UPDATE SET manifest = ?2",
                params![
                    image.id.hex(),
                    image.manifest.to_string(),
                    image.created,
                    i64::try_from(image.size).unwrap_or(i64::MAX),
                    layers,
                    image.config
                ],
            )
            .map_err(query(action))?;
        for (diff_id, size) in layer_sizes {
            transaction
                .execute(
                    "INSERT OR IGNORE INTO layers (diff_id, size) VALUES (?1, ?2)",
                    params![diff_id.hex(), i64::try_from(*size).unwrap_or(i64::MAX)],
                )
                .map_err(query(action))?;
        }
        for name in &image.names {
            transaction
                .execute("INSERT OR REPLACE INTO names (name, image) VALUES (?1, ?2)", params![name, image.id.hex()])
                .map_err(query(action))?;
        }
        transaction.commit().map_err(query(action))
    }

    /// Gives an image one more name; a name that another image had is taken from it.
    ///
    /// # Errors
    /// The database fails, or there is no such image.
    pub fn add_image_name(&mut self, id: &ImageId, name: &str) -> Result<(), StateError> {
        self.connection
            .execute("INSERT OR REPLACE INTO names (name, image) VALUES (?1, ?2)", params![name, id.hex()])
            .map(drop)
            .map_err(query("tag the image"))
    }

    /// Takes a name away; returns whether it was there.
    ///
    /// # Errors
    /// The database fails.
    pub fn remove_image_name(&mut self, name: &str) -> Result<bool, StateError> {
        self.giving_room(|db| {
            let gone = db.connection.execute("DELETE FROM names WHERE name = ?1", params![name]);
            gone.map(|count| count > 0).map_err(query("untag the image"))
        })
    }

    /// Removes the image row, its names, and the rows of those of its layers that no image uses any more; returns these.
    ///
    /// The caller removes their folders afterwards: a folder without a row is garbage that any later command may sweep. Layers that an
    /// unfinished pull has left are not touched.
    ///
    /// # Errors
    /// The database fails.
    pub fn remove_image(&mut self, id: &ImageId) -> Result<Vec<DiffId>, StateError> {
        self.giving_room(|db| db.try_remove_image(id))
    }

    fn try_remove_image(&mut self, id: &ImageId) -> Result<Vec<DiffId>, StateError> {
        let action = "remove the image";
        let transaction = self.transaction(action)?;
        let layers: Option<String> = transaction
            .query_row("DELETE FROM images WHERE id = ?1 RETURNING layers", params![id.hex()], |row| row.get(0))
            .optional()
            .map_err(query(action))?;
        let gone = {
            let mut statement = transaction
                .prepare(
                    "DELETE FROM layers WHERE 'sha256:' || diff_id IN (SELECT value FROM json_each(?1)) \
                     AND 'sha256:' || diff_id NOT IN (SELECT value FROM images, json_each(images.layers)) RETURNING diff_id",
                )
                .map_err(query(action))?;
            let layers = layers.unwrap_or_else(|| "[]".to_owned());
            let rows = statement.query_map([layers], |row| row.get::<_, String>(0)).map_err(query(action))?;
            rows.collect::<Result<Vec<_>, _>>().map_err(query(action))?
        };
        transaction.commit().map_err(query(action))?;
        Ok(gone.iter().filter_map(|hex| Digest::parse(&format!("sha256:{hex}")).ok()).map(DiffId::new).collect())
    }

    /// Returns the unpacked size of a layer that the store has whole.
    ///
    /// # Errors
    /// The database fails.
    pub fn layer_size(&self, diff_id: &DiffId) -> Result<Option<u64>, StateError> {
        self.connection
            .query_row("SELECT size FROM layers WHERE diff_id = ?1", params![diff_id.hex()], |row| row.get::<_, i64>(0))
            .optional()
            .map(|size| size.map(|bytes| u64::try_from(bytes).unwrap_or(0)))
            .map_err(query("look up a layer"))
    }

    /// Records layers that are whole in the store. One that no image takes up is swept later.
    ///
    /// # Errors
    /// The database fails.
    pub fn put_layers(&mut self, sizes: &[(DiffId, u64)]) -> Result<(), StateError> {
        let action = "record layers";
        let transaction = self.transaction(action)?;
        for (diff_id, size) in sizes {
            let values = params![diff_id.hex(), i64::try_from(*size).unwrap_or(i64::MAX)];
            let sql = "INSERT OR IGNORE INTO layers (diff_id, size) VALUES (?1, ?2)";
            transaction.execute(sql, values).map_err(query(action))?;
        }
        transaction.commit().map_err(query(action))
    }

    /// Forgets a layer that is damaged, though images name it: it is about to come in anew.
    ///
    /// # Errors
    /// The database fails.
    pub fn forget_damaged_layer(&mut self, diff_id: &DiffId) -> Result<(), StateError> {
        let gone = self.connection.execute("DELETE FROM layers WHERE diff_id = ?1", params![diff_id.hex()]);
        gone.map(drop).map_err(query("forget a damaged layer"))
    }

    /// Forgets layers that no image names; others are left alone.
    ///
    /// # Errors
    /// The database fails.
    pub fn forget_layers(&mut self, layers: &[DiffId]) -> Result<(), StateError> {
        let action = "forget layers";
        let transaction = self.transaction(action)?;
        for diff_id in layers {
            let sql = "DELETE FROM layers WHERE diff_id = ?1 AND 'sha256:' || diff_id NOT IN \
                       (SELECT value FROM images, json_each(images.layers))";
            transaction.execute(sql, params![diff_id.hex()]).map_err(query(action))?;
        }
        transaction.commit().map_err(query(action))
    }

    /// Returns every layer that has a row, with its unpacked size.
    ///
    /// # Errors
    /// The database fails.
    pub fn layers(&self) -> Result<Vec<(DiffId, u64)>, StateError> {
        let action = "list the layers";
        let mut statement = self.connection.prepare("SELECT diff_id, size FROM layers").map_err(query(action))?;
        let rows = statement
            .query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)))
            .map_err(query(action))?
            .collect::<Result<Vec<_>, _>>()
            .map_err(query(action))?;
        Ok(rows
            .into_iter()
            .filter_map(|(hex, size)| {
                let digest = Digest::parse(&format!("sha256:{hex}")).ok()?;
                Some((DiffId::new(digest), u64::try_from(size).unwrap_or(0)))
            })
            .collect())
    }

    fn one_image(&self, sql: &str, key: &str) -> Result<Option<ImageRecord>, StateError> {
        Ok(self.many_images(sql, params![key])?.pop())
    }

    fn many_images(&self, sql: &str, keys: impl rusqlite::Params) -> Result<Vec<ImageRecord>, StateError> {
        let action = "look up images";
        let mut statement = self.connection.prepare(sql).map_err(query(action))?;
        let rows = statement.query_map(keys, RawImage::read).map_err(query(action))?;
        rows.map(|row| row.map_err(query(action)).and_then(RawImage::parse)).collect()
    }
}

/// A row before its texts are parsed.
struct RawImage {
    id: String,
    manifest: String,
    created: i64,
    size: i64,
    layers: String,
    config: String,
    names: String,
}

impl RawImage {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            manifest: row.get(1)?,
            created: row.get(2)?,
            size: row.get(3)?,
            layers: row.get(4)?,
            config: row.get(5)?,
            names: row.get(6)?,
        })
    }

    fn parse(self) -> Result<ImageRecord, StateError> {
        fn json<T: serde::de::DeserializeOwned>(what: &'static str, text: &str) -> Result<T, StateError> {
            serde_json::from_str(text).map_err(|source| StateError::BadRow { what, source })
        }
        Ok(ImageRecord {
            id: json("an image id", &format!("\"sha256:{}\"", self.id))?,
            manifest: json("a manifest digest", &format!("\"{}\"", self.manifest))?,
            names: json("image names", &self.names)?,
            created: self.created,
            size: u64::try_from(self.size).unwrap_or(0),
            layers: json("layers", &self.layers)?,
            config: self.config,
        })
    }
}
