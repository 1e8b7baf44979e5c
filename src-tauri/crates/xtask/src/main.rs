//! Chores of the repository.
fn main() {
    for (name, text) in steward_api::typescript::files() {
        let path = std::path::Path::new("ui/src/ipc/generated").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}
