SET lock_timeout = '5s';

-- Documents that the new views define differently are written again.
SELECT refresh_security_group_documents(ARRAY(SELECT sg.id FROM security_groups AS sg));
