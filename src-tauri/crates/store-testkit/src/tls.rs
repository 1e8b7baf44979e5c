//! A MongoDB server that speaks TLS only, with certificates made for the test.

use std::path::PathBuf;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};

use crate::mongod::{Mongod, User};

/// The server, who signed its certificate, and one who did not.
pub struct Secured {
    pub server: Mongod,
    pub authority: PathBuf,
    /// An authority that did not sign the server's certificate.
    pub stranger: PathBuf,
    _folder: tempfile::TempDir,
}

fn authority(name: &str) -> (String, Issuer<'static, KeyPair>) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    let key = KeyPair::generate().unwrap();
    let pem = params.self_signed(&key).unwrap().pem();
    (pem, Issuer::new(params, key))
}

/// `names` are those that the certificate is for. Where there are users, the server asks for a login.
pub fn secured(names: &[&str], users: &[User<'_>]) -> Secured {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, content: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    };
    let (ours, issuer) = authority("Authority of the test");
    let (theirs, _) = authority("Another authority");
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>()).unwrap();
    params.distinguished_name.push(DnType::CommonName, "Server of the test");
    let certificate = params.signed_by(&key, &issuer).unwrap().pem();
    let certificate = write("server.pem", &format!("{certificate}{}", key.serialize_pem()));
    let (authority, stranger) = (write("authority.pem", &ours), write("stranger.pem", &theirs));
    Secured { server: Mongod::with_tls(&certificate, &authority, users), authority, stranger, _folder: folder }
}
