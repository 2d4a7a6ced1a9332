//! The tables `pulls` and `layer_blobs`: where images and layers came from.

use super::{Db, StateError, query};
use crate::model::{BlobCompression, DiffId, Digest, ImageId, LayerBlob, PullRecord};
use rusqlite::{OptionalExtension as _, params};

impl Db {
    /// Returns what a name led to when it was pulled last, as long as the name still means that image.
    ///
    /// # Errors
    /// The database fails.
    pub fn pull_record(&self, name: &str) -> Result<Option<PullRecord>, StateError> {
        let sql = "SELECT image, digest, platform FROM pulls JOIN names USING (name, image) WHERE name = ?1";
        let row = self
            .connection
            .query_row(sql, params![name], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get(2)?)))
            .optional()
            .map_err(query("look up a pull"))?;
        Ok(row.and_then(|(image, digest, platform)| {
            let image = ImageId::new(Digest::parse(&format!("sha256:{image}")).ok()?);
            Some(PullRecord { name: name.to_owned(), image, digest: Digest::parse(&digest).ok()?, platform })
        }))
    }

    /// Returns the names that led to an image when they were pulled, whatever they mean by now.
    ///
    /// # Errors
    /// The database fails.
    pub fn pulled_names(&self, image: &ImageId) -> Result<Vec<String>, StateError> {
        let action = "look up the pulls of an image";
        let mut statement =
            self.connection.prepare("SELECT name FROM pulls WHERE image = ?1 ORDER BY name").map_err(query(action))?;
        let rows = statement.query_map(params![image.hex()], |row| row.get(0)).map_err(query(action))?;
        rows.collect::<Result<_, _>>().map_err(query(action))
    }

    /// Records what a name led to, and what blobs its layers came as. The image and its layers are recorded.
    ///
    /// # Errors
    /// The database fails.
    pub fn put_origins(&mut self, pull: Option<&PullRecord>, blobs: &[LayerBlob]) -> Result<(), StateError> {
        let action = "record where an image came from";
        let transaction = self.transaction(action)?;
        if let Some(pull) = pull {
            let sql = "INSERT OR REPLACE INTO pulls (name, image, digest, platform) VALUES (?1, ?2, ?3, ?4)";
            let values = params![pull.name, pull.image.hex(), pull.digest.to_string(), pull.platform];
            transaction.execute(sql, values).map_err(query(action))?;
        }
        for blob in blobs {
            // Another command may have removed the image meanwhile, and its layers with it.
            let sql = "INSERT OR REPLACE INTO layer_blobs (diff_id, digest, registry, repository, size, compression) \
                       SELECT diff_id, ?2, ?3, ?4, ?5, ?6 FROM layers WHERE diff_id = ?1";
            let values = params![
                blob.diff_id.hex(),
                blob.digest.to_string(),
                blob.registry,
                blob.repository,
                i64::try_from(blob.size).unwrap_or(i64::MAX),
                blob.compression.name()
            ];
            transaction.execute(sql, values).map_err(query(action))?;
        }
        transaction.commit().map_err(query(action))
    }

    /// Returns the blobs that are known to unpack to a layer.
    ///
    /// # Errors
    /// The database fails.
    pub fn layer_blobs(&self, diff_id: &DiffId) -> Result<Vec<LayerBlob>, StateError> {
        let action = "look up the blobs of a layer";
        let sql = "SELECT digest, registry, repository, size, compression FROM layer_blobs WHERE diff_id = ?1";
        let mut statement = self.connection.prepare(sql).map_err(query(action))?;
        let read = |row: &rusqlite::Row<'_>| {
            Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?, row.get::<_, i64>(3)?, row.get::<_, String>(4)?))
        };
        let rows = statement.query_map(params![diff_id.hex()], read).map_err(query(action))?;
        let rows = rows.collect::<Result<Vec<_>, _>>().map_err(query(action))?;
        Ok(rows
            .into_iter()
            .filter_map(|(digest, registry, repository, size, compression)| {
                Some(LayerBlob {
                    diff_id: diff_id.clone(),
                    digest: Digest::parse(&digest).ok()?,
                    size: u64::try_from(size).ok()?,
                    compression: BlobCompression::from_name(&compression)?,
                    registry,
                    repository,
                })
            })
            .collect())
    }
}
