//! `tag`: one more name.

use crate::engine::{Engine, EngineError};
use crate::events::{Status, Subject};
use crate::image::{ImageError, Reference};

impl Engine {
    /// Gives an image more names; a name without a registry is `localhost/`. A name that another image had moves over.
    ///
    /// # Errors
    /// There is no such image, or a name is none or has a digest.
    pub fn tag(&mut self, image: &str, names: &[String]) -> Result<(), EngineError> {
        let id = self.image(image)?.id;
        let mut parsed = Vec::new();
        for name in names {
            let reference = Reference::parse_local(name).map_err(ImageError::from)?.or_latest();
            if reference.digest().is_some() {
                return Err(EngineError::TagWithDigest { name: name.clone() });
            }
            parsed.push(reference.stored());
        }
        for name in parsed {
            self.db.add_image_name(&id, &name)?;
            self.tell_of(&Subject::image(id.hex(), &name), Status::Tag);
        }
        Ok(())
    }

    /// Takes names away from an image, all of them where none is named. The image stays.
    ///
    /// # Errors
    /// There is no such image, or it does not have such a name.
    pub fn untag(&mut self, image: &str, names: &[String]) -> Result<(), EngineError> {
        let found = self.image(image)?;
        let mut gone = Vec::new();
        for name in names {
            let other = self.find_image(name)?;
            match other.name {
                Some(full) if other.image.id == found.id => gone.push(full),
                _ => return Err(EngineError::NoSuchImage { name: name.clone() }),
            }
        }
        for name in if names.is_empty() { found.names } else { gone } {
            self.db.remove_image_name(&name)?;
            self.tell_of(&Subject::image(found.id.hex(), &name), Status::Untag);
        }
        Ok(())
    }
}
