//! JSON and TOML of images and of the configuration.

use crate::halves;
use coracle::config::places::Places;
use coracle::config::policy::Policy;
use coracle::config::registries::Registries;
use coracle::engine::container::create::{CreateRequest, configure};
use coracle::image::auth::Keeper;
use coracle::image::manifest::{self, Document};
use coracle::image::{ImageConfig, Platform};
use coracle::model::{ContainerId, DiffId, ImageId, ImageRecord, Origin};
use coracle::runtime::spec;
use coracle::runtime::spec::mounts::{Sources, VolumeSource};
use coracle::storage::digest;
use std::path::Path;

/// What is a manifest stays one when it is written and read again; an index has an image for us or an error.
pub fn manifest(data: &[u8]) {
    match manifest::parse(data) {
        Ok(Document::Manifest(manifest)) => {
            let again = serde_json::to_vec(&manifest).expect("write a manifest");
            assert_eq!(manifest::parse(&again).expect("read what was written"), Document::Manifest(manifest));
        }
        Ok(Document::Index(index)) => {
            let wanted = Platform::parse("linux/amd64").expect("a platform");
            if let Err(error) = index.choose(&wanted) {
                assert!(error.to_string().len() < 1000);
            }
        }
        Err(error) => assert!(error.to_string().len() < 10_000),
    }
}

/// An image config becomes a container and a runtime spec, or an error. What is wrong with it never becomes another's problem.
pub fn config(data: &[u8]) {
    let Ok(parsed) = ImageConfig::parse(data) else { return };
    assert!(parsed.config.env.iter().all(|variable| variable.find('=').is_some_and(|at| at > 0) && !variable.contains('\0')));
    let _ = parsed.created_ns();
    let _: Vec<DiffId> = parsed.rootfs.diff_ids;
    let Ok(text) = String::from_utf8(data.to_vec()) else { return };
    let id = digest::of(data);
    let (manifest, id) = (id.clone(), ImageId::new(id));
    let image = ImageRecord { id, manifest, names: Vec::new(), created: 0, size: 0, layers: Vec::new(), config: text };
    let request = CreateRequest { image_name: "i".to_owned(), command: vec!["true".to_owned()], ..CreateRequest::default() };
    let Ok(config) = configure(&request, &image, ContainerId::from_bytes(&[7; 32]), "c".to_owned()) else { return };
    assert!(config.workdir.starts_with('/'));
    assert!(config.mounts.iter().all(|mount| mount.target.starts_with('/')));
    // The store prepares each volume that the image asks for.
    let source = VolumeSource::Store("/a-volume".into(), Vec::new());
    let volumes = config.mounts.iter().filter_map(|mount| match &mount.from {
        Origin::Volume { name, .. } => Some((name.clone(), source.clone())),
        _ => None,
    });
    let sources = Sources { volumes: volumes.collect(), ..Sources::default() };
    let built = spec::build(&config, Path::new("/root-of-it"), &[], &sources);
    let spec = built.expect("a container has a spec");
    let process = spec.process().as_ref().expect("a process");
    assert_eq!(process.args().as_ref().expect("arguments").last().map(String::as_str), Some("true"));
}

fn with_places(work: impl FnOnce(&Places, &Path)) {
    let temp = tempfile::tempdir().expect("a folder");
    work(&Places::below(temp.path()), temp.path());
}

const IMAGE: &str = "registry.example/team/tool:1";

/// registries.conf.
pub fn registries(data: &[u8]) {
    with_places(|places, root| {
        let folder = root.join("home/.config/containers");
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join("registries.conf"), data).expect("a file");
        let Ok(all) = Registries::load(places) else { return };
        assert!(all.is_configured(), "the file was not read");
        let _ = all.alias("tool");
        for name in [IMAGE, "tool", "a.registry.example/x"] {
            let _ = all.entry(name);
            let _ = all.sources(name);
        }
    });
}

/// policy.json.
pub fn policy(data: &[u8]) {
    with_places(|places, root| {
        let folder = root.join("home/.config/containers");
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join("policy.json"), data).expect("a file");
        let Ok(policy) = Policy::load(places) else { return };
        let _ = policy.check_registry(IMAGE);
        let _ = policy.check_path("oci", "/a/b/c:tag");
    });
}

/// auth.json and Docker's config.json. Nothing that it says may run: helpers are left out.
pub fn auth(data: &[u8]) {
    let (file, name) = halves(data);
    if String::from_utf8_lossy(file).contains("cred") || String::from_utf8_lossy(file).contains("\\u") {
        return;
    }
    with_places(|places, root| {
        let path = root.join("auth.json");
        std::fs::write(&path, file).expect("a file");
        let keeper = Keeper::new(places, &Registries::default(), Some(&path));
        for name in [&String::from_utf8_lossy(name), IMAGE, "docker.io/library/x"] {
            let _ = keeper.find(name);
        }
        // A file that is there but wrong is never lost by a login.
        if keeper.store("registry.example", "me", "secret").is_ok() {
            let found = keeper.find(IMAGE).expect("what was stored can be read");
            assert!(found.is_some_and(|found| found.user() == Some("me")) || !data.is_empty());
        }
    });
}
