"""PostgreSQL: the server, the pool, migrations, jobs and stored documents."""
