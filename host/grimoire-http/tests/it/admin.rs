use crate::world::{ADMIN, World};

#[tokio::test]
async fn a_backup_is_sent_to_administrators_only() {
    let world = World::closed();
    world.post("/api/admin/backup").await.expect(401);
    world.post("/api/admin/backup").by_writer().await.error(403, "FORBIDDEN");
    let backup = world.post("/api/admin/backup").with_token(ADMIN).await.expect(200);
    assert_eq!(backup.header("content-type"), Some("application/octet-stream"));
    let length = backup.header("content-length").expect("its length").to_owned();
    assert!(backup.body.starts_with(b"memory-"), "what the store has written");
    assert_eq!(backup.body.len().to_string(), length);
}
