-- SPDX-License-Identifier: MIT
--
-- sqlite3.sql - what the sqlite3 sample records: tables filled, indexed, joined, thinned out,
-- packed and dropped, all in memory.
CREATE TABLE author(id INTEGER PRIMARY KEY, name TEXT, born INTEGER);
CREATE TABLE book(id INTEGER PRIMARY KEY, author INTEGER REFERENCES author, title TEXT, year INTEGER, text BLOB);
BEGIN;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400)
INSERT INTO author SELECT i, printf('author %04d', i), 1800 + i % 200 FROM n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6000)
INSERT INTO book SELECT i, 1 + i * 7919 % 400, printf('title %d of %d', i, i * 31 % 997), 1900 + i % 120, zeroblob(20 + i * i % 3000) FROM n;
COMMIT;
CREATE INDEX book_author ON book(author);
CREATE INDEX book_title ON book(title);
SELECT count(*), sum(length(text)) FROM book;
SELECT a.name, count(*) AS n, max(length(b.text)) FROM author a JOIN book b ON b.author = a.id GROUP BY a.id ORDER BY n DESC, a.name LIMIT 5;
SELECT year, group_concat(substr(title, 7, 6)) FROM book WHERE year % 40 = 7 GROUP BY year ORDER BY year;
DELETE FROM book WHERE id % 3 = 0;
UPDATE book SET text = zeroblob(5000) WHERE id % 50 = 1;
SELECT count(*), sum(length(text)) FROM book;
DROP INDEX book_title;
VACUUM;
SELECT count(*) FROM author WHERE id NOT IN (SELECT author FROM book);
DELETE FROM book;
DROP TABLE book;
SELECT count(*) FROM author;
