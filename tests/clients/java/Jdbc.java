// PostgreSQL's JDBC driver: metadata, types in both formats, batches, fetch size, generated keys, transactions, timeouts, COPY.
// Prints one line for each check; any difference ends it with a message.

import java.io.StringReader;
import java.io.StringWriter;
import java.math.BigDecimal;
import java.sql.Array;
import java.sql.BatchUpdateException;
import java.sql.Connection;
import java.sql.Date;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.sql.Timestamp;
import java.sql.Types;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Properties;
import java.util.UUID;
import org.postgresql.PGConnection;
import org.postgresql.PGStatement;
import org.postgresql.util.PGobject;
import org.postgresql.util.PSQLException;

public class Jdbc {
    interface Check {
        void run(Connection connection) throws Exception;
    }

    static String url;

    public static void main(String[] arguments) throws Exception {
        url = arguments[0];
        try (Connection connection = open()) {
            setUp(connection);
        }
        check("tables", Jdbc::tables);
        check("columns", Jdbc::columns);
        check("keys and indexes", Jdbc::keysAndIndexes);
        check("types of the database", Jdbc::typesOfTheDatabase);
        check("other metadata", Jdbc::otherMetadata);
        check("types", Jdbc::types);
        check("prepared statements become named and binary", Jdbc::preparedThreshold);
        check("batches", Jdbc::batches);
        check("fetch size", Jdbc::fetchSize);
        check("generated keys", Jdbc::generatedKeys);
        check("transactions", Jdbc::transactions);
        check("errors", Jdbc::errors);
        check("timeouts", Jdbc::timeouts);
        check("updatable results", Jdbc::updatableResults);
        check("COPY", Jdbc::copy);
        check("result metadata", Jdbc::resultMetadata);
        check("changed tables", Jdbc::changedTables);
    }

    static Connection open(String... properties) throws SQLException {
        Properties all = new Properties();
        all.setProperty("user", "shale");
        for (int at = 0; at < properties.length; at += 2) {
            all.setProperty(properties[at], properties[at + 1]);
        }
        return DriverManager.getConnection(url, all);
    }

    static void check(String name, Check check) throws Exception {
        try (Connection connection = open()) {
            check.run(connection);
            System.out.println("ok " + name);
        } catch (Throwable thrown) {
            System.out.println("FAILED " + name + ": " + thrown);
            for (StackTraceElement element : thrown.getStackTrace()) {
                if (element.getClassName().startsWith("Jdbc")) {
                    System.out.println("    " + element);
                }
            }
        }
    }

    static void same(Object expected, Object found) {
        if (!Objects.deepEquals(expected, found)) {
            throw new AssertionError("expected " + expected + ", found " + found);
        }
    }

    static void execute(Connection connection, String... statements) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
    }

    /** Rows of these columns, as text. */
    static List<String> rows(ResultSet results, String... columns) throws SQLException {
        List<String> rows = new ArrayList<>();
        while (results.next()) {
            List<String> row = new ArrayList<>();
            for (String column : columns) {
                row.add(results.getString(column));
            }
            rows.add(String.join("|", row.stream().map(String::valueOf).toList()));
        }
        return rows;
    }

    static String one(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement(); ResultSet results = statement.executeQuery(sql)) {
            results.next();
            return results.getString(1);
        }
    }

    static void setUp(Connection connection) throws SQLException {
        execute(connection,
            "CREATE TABLE orders (customer text, number int, total numeric(10,2) NOT NULL, placed timestamptz DEFAULT now(), note varchar(20), PRIMARY KEY (customer, number))",
            "CREATE INDEX orders_by_note ON orders (note, number)",
            "CREATE TABLE numbers (n int PRIMARY KEY, square bigint)",
            "INSERT INTO numbers SELECT n, n * n FROM generate_series(1, 1000) AS s(n)");
    }

    static void tables(Connection connection) throws Exception {
        var metadata = connection.getMetaData();
        same(List.of("null|public|numbers|TABLE", "null|public|orders|TABLE"),
            rows(metadata.getTables(null, "public", "%", new String[] {"TABLE"}), "TABLE_CAT", "TABLE_SCHEM", "TABLE_NAME", "TABLE_TYPE"));
        same(List.of("orders"), rows(metadata.getTables(null, null, "ord%", new String[] {"TABLE", "VIEW"}), "TABLE_NAME"));
        same(List.of(), rows(metadata.getTables(null, "public", "%", new String[] {"VIEW"}), "TABLE_NAME"));
        same(true, rows(metadata.getTables(null, "pg_catalog", "pg_cl%", new String[] {"SYSTEM TABLE"}), "TABLE_NAME").contains("pg_class"));
        same(List.of("information_schema", "pg_catalog", "public"), rows(metadata.getSchemas(), "TABLE_SCHEM"));
        same(List.of("public"), rows(metadata.getSchemas(null, "pub%"), "TABLE_SCHEM"));
        same(true, rows(metadata.getCatalogs(), "TABLE_CAT").contains("shale"));
        same(true, rows(metadata.getTableTypes(), "TABLE_TYPE").contains("TABLE"));
    }

    static void columns(Connection connection) throws Exception {
        var metadata = connection.getMetaData();
        same(List.of(
                "customer|12|text|2147483647|0|0|null|1|NO",
                "number|4|int4|10|0|0|null|2|NO",
                "total|2|numeric|10|2|0|null|3|NO",
                "placed|93|timestamptz|35|6|1|now()|4|YES",
                "note|12|varchar|20|0|1|null|5|YES"),
            rows(metadata.getColumns(null, "public", "orders", "%"),
                "COLUMN_NAME", "DATA_TYPE", "TYPE_NAME", "COLUMN_SIZE", "DECIMAL_DIGITS", "NULLABLE", "COLUMN_DEF", "ORDINAL_POSITION", "IS_NULLABLE"));
        same(List.of("orders|number"), rows(metadata.getColumns(null, null, "orders", "num%"), "TABLE_NAME", "COLUMN_NAME"));
    }

    static void keysAndIndexes(Connection connection) throws Exception {
        var metadata = connection.getMetaData();
        same(List.of("customer|1|orders_pkey", "number|2|orders_pkey"), rows(metadata.getPrimaryKeys(null, "public", "orders"), "COLUMN_NAME", "KEY_SEQ", "PK_NAME"));
        same(List.of("f|orders_pkey|3|1|customer", "f|orders_pkey|3|2|number", "t|orders_by_note|3|1|note", "t|orders_by_note|3|2|number"),
            rows(metadata.getIndexInfo(null, "public", "orders", false, false), "NON_UNIQUE", "INDEX_NAME", "TYPE", "ORDINAL_POSITION", "COLUMN_NAME"));
        same(List.of("orders_pkey", "orders_pkey"), rows(metadata.getIndexInfo(null, "public", "orders", true, true), "INDEX_NAME"));
        same(List.of(), rows(metadata.getImportedKeys(null, "public", "orders"), "FK_NAME"));
        same(List.of(), rows(metadata.getExportedKeys(null, "public", "orders"), "FK_NAME"));
        same(List.of(), rows(metadata.getCrossReference(null, "public", "orders", null, "public", "numbers"), "FK_NAME"));
        same(List.of("customer", "number"), rows(metadata.getBestRowIdentifier(null, "public", "orders", 0, false), "COLUMN_NAME"));
        rows(metadata.getVersionColumns(null, "public", "orders"), "COLUMN_NAME");
        same(true, rows(metadata.getTablePrivileges(null, "public", "orders"), "GRANTEE", "PRIVILEGE").contains("shale|SELECT"));
        same(true, rows(metadata.getColumnPrivileges(null, "public", "orders", "note"), "GRANTEE", "PRIVILEGE").contains("shale|SELECT"));
    }

    static void typesOfTheDatabase(Connection connection) throws Exception {
        List<String> types = rows(connection.getMetaData().getTypeInfo(), "TYPE_NAME", "DATA_TYPE");
        for (String expected : List.of("int4|4", "int8|-5", "text|12", "numeric|2", "bool|-7", "timestamptz|93", "uuid|1111", "jsonb|1111", "bytea|-2", "_int4|2003")) {
            same(true, types.contains(expected));
        }
        // PostgreSQL lists the row types of tables.
        rows(connection.getMetaData().getUDTs(null, "public", "%", null), "TYPE_NAME");
    }

    static void otherMetadata(Connection connection) throws Exception {
        var metadata = connection.getMetaData();
        same("PostgreSQL", metadata.getDatabaseProductName());
        same(15, metadata.getDatabaseMajorVersion());
        same("shale", metadata.getUserName());
        same("shale", connection.getCatalog());
        same("public", connection.getSchema());
        same(63, metadata.getMaxTableNameLength());
        same(32, metadata.getMaxColumnsInIndex());
        same(true, metadata.getSQLKeywords().length() > 100);
        same(true, rows(metadata.getFunctions(null, "pg_catalog", "lower"), "FUNCTION_NAME").contains("lower"));
        rows(metadata.getFunctionColumns(null, "pg_catalog", "lower", null), "COLUMN_NAME");
        same(List.of(), rows(metadata.getProcedures(null, "public", "%"), "PROCEDURE_NAME"));
        rows(metadata.getProcedureColumns(null, "public", "%", null), "COLUMN_NAME");
        rows(metadata.getClientInfoProperties(), "NAME");
        connection.setClientInfo("ApplicationName", "a program");
        same("a program", one(connection, "SHOW application_name"));
        connection.setSchema("public");
        same(true, connection.isValid(5));
    }

    static void types(Connection ignored) throws Exception {
        try (Connection connection = open()) {
            execute(connection, "CREATE TABLE typed (id int PRIMARY KEY, a_small smallint, a_big bigint, a_num numeric, a_real real, a_double double precision, a_bool boolean, "
                + "a_text text, a_char char(4), a_bytes bytea, a_uuid uuid, a_date date, a_time time, a_ts timestamp, a_tstz timestamptz, a_json jsonb, a_ints int[], a_texts text[])");
        }
        UUID uuid = UUID.fromString("12345678-1234-5678-1234-567812345678");
        LocalDateTime moment = LocalDateTime.of(2013, 7, 4, 12, 30, 0, 250_000_000);
        // Text first, then binary transfer from the first execution on.
        for (String threshold : List.of("0", "-1")) {
            try (Connection connection = open("prepareThreshold", threshold, "binaryTransfer", "true")) {
                int id = threshold.equals("0") ? 1 : 2;
                try (PreparedStatement insert = connection.prepareStatement("INSERT INTO typed VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?::jsonb, ?, ?)")) {
                    insert.setInt(1, id);
                    insert.setShort(2, (short) -5);
                    insert.setLong(3, Long.MIN_VALUE);
                    insert.setBigDecimal(4, new BigDecimal("12345.678900"));
                    insert.setFloat(5, 0.5f);
                    insert.setDouble(6, 0.1);
                    insert.setBoolean(7, true);
                    insert.setString(8, "grüße 🚀 '\\");
                    insert.setString(9, "ab");
                    insert.setBytes(10, new byte[] {0, -1, 92});
                    insert.setObject(11, uuid);
                    insert.setObject(12, LocalDate.of(2013, 7, 4));
                    insert.setObject(13, LocalTime.of(12, 30, 0, 500_000_000));
                    insert.setObject(14, moment);
                    insert.setObject(15, moment.atOffset(ZoneOffset.ofHours(2)));
                    insert.setString(16, "{\"a\": [1, null]}");
                    insert.setArray(17, connection.createArrayOf("int4", new Integer[] {1, null, 3}));
                    insert.setArray(18, connection.createArrayOf("text", new String[] {"a", "with, comma", "\"quoted\""}));
                    same(1, insert.executeUpdate());
                }
                try (PreparedStatement select = connection.prepareStatement("SELECT * FROM typed WHERE id = ?")) {
                    for (int round = 0; round < 3; round++) {
                        select.setInt(1, id);
                        try (ResultSet row = select.executeQuery()) {
                            same(true, row.next());
                            same((short) -5, row.getShort("a_small"));
                            same(Long.MIN_VALUE, row.getLong("a_big"));
                            same(0, new BigDecimal("12345.6789").compareTo(row.getBigDecimal("a_num")));
                            same(0.5f, row.getFloat("a_real"));
                            same(0.1, row.getDouble("a_double"));
                            same(true, row.getBoolean("a_bool"));
                            same("grüße 🚀 '\\", row.getString("a_text"));
                            same("ab  ", row.getString("a_char"));
                            same(new byte[] {0, -1, 92}, row.getBytes("a_bytes"));
                            same(uuid, row.getObject("a_uuid"));
                            same(LocalDate.of(2013, 7, 4), row.getObject("a_date", LocalDate.class));
                            same(Date.valueOf("2013-07-04"), row.getDate("a_date"));
                            same(LocalTime.of(12, 30, 0, 500_000_000), row.getObject("a_time", LocalTime.class));
                            same(moment, row.getObject("a_ts", LocalDateTime.class));
                            same(Timestamp.valueOf(moment), row.getTimestamp("a_ts"));
                            same(moment.minusHours(2).atOffset(ZoneOffset.UTC).toInstant(), row.getObject("a_tstz", OffsetDateTime.class).toInstant());
                            same("{\"a\": [1, null]}", row.getString("a_json"));
                            same("jsonb", ((PGobject) row.getObject("a_json")).getType());
                            same(new Integer[] {1, null, 3}, row.getArray("a_ints").getArray());
                            same(new String[] {"a", "with, comma", "\"quoted\""}, row.getArray("a_texts").getArray());
                        }
                    }
                }
            }
        }
        try (Connection connection = open(); PreparedStatement nulls = connection.prepareStatement("INSERT INTO typed (id, a_big, a_text, a_tstz) VALUES (?, ?, ?, ?)")) {
            nulls.setInt(1, 3);
            nulls.setNull(2, Types.BIGINT);
            nulls.setNull(3, Types.VARCHAR);
            nulls.setObject(4, null);
            same(1, nulls.executeUpdate());
            same(null, one(connection, "SELECT a_text FROM typed WHERE id = 3"));
        }
    }

    static void preparedThreshold(Connection connection) throws Exception {
        try (PreparedStatement select = connection.prepareStatement("SELECT square FROM numbers WHERE n = ?")) {
            select.unwrap(PGStatement.class).setPrepareThreshold(3);
            for (int n = 1; n <= 20; n++) {
                same(n > 2, select.unwrap(PGStatement.class).isUseServerPrepare() || n > 2);
                select.setInt(1, n);
                try (ResultSet results = select.executeQuery()) {
                    results.next();
                    same((long) n * n, results.getLong(1));
                }
            }
        }
        try (PreparedStatement any = connection.prepareStatement("SELECT count(*) FROM numbers WHERE n = ANY (?)")) {
            any.setArray(1, connection.createArrayOf("int4", new Integer[] {1, 5, 2000}));
            try (ResultSet results = any.executeQuery()) {
                results.next();
                same(2, results.getInt(1));
            }
        }
    }

    static void batches(Connection connection) throws Exception {
        execute(connection, "CREATE TABLE batched (id int PRIMARY KEY, v text)");
        connection.setAutoCommit(false);
        try (PreparedStatement insert = connection.prepareStatement("INSERT INTO batched VALUES (?, ?)")) {
            for (int id = 0; id < 1000; id++) {
                insert.setInt(1, id);
                insert.setString(2, "v" + id);
                insert.addBatch();
            }
            same(1000, Arrays.stream(insert.executeBatch()).sum());
        }
        connection.commit();
        connection.setAutoCommit(true);
        try (Statement statement = connection.createStatement()) {
            statement.addBatch("UPDATE batched SET v = 'x' WHERE id < 10");
            statement.addBatch("DELETE FROM batched WHERE id >= 990");
            same(new int[] {10, 10}, statement.executeBatch());
        }
        try (PreparedStatement insert = connection.prepareStatement("INSERT INTO batched VALUES (?, 'y')")) {
            for (int id : new int[] {2000, 5, 2001}) {
                insert.setInt(1, id);
                insert.addBatch();
            }
            try {
                insert.executeBatch();
                throw new AssertionError("a batch with a duplicate key");
            } catch (BatchUpdateException failed) {
                same("23505", failed.getSQLState());
            }
        }
        same("990", one(connection, "SELECT count(*) FROM batched"));
        try (Connection rewriting = open("reWriteBatchedInserts", "true"); PreparedStatement insert = rewriting.prepareStatement("INSERT INTO batched (id, v) VALUES (?, ?)")) {
            for (int id = 3000; id < 3100; id++) {
                insert.setInt(1, id);
                insert.setString(2, null);
                insert.addBatch();
            }
            same(100, insert.executeBatch().length);
        }
        same("1090", one(connection, "SELECT count(*) FROM batched"));
    }

    static void fetchSize(Connection connection) throws Exception {
        connection.setAutoCommit(false);
        try (PreparedStatement select = connection.prepareStatement("SELECT n FROM numbers ORDER BY n")) {
            select.setFetchSize(37);
            try (ResultSet results = select.executeQuery()) {
                int expected = 0;
                while (results.next()) {
                    same(++expected, results.getInt(1));
                }
                same(1000, expected);
            }
            select.setMaxRows(10);
            try (ResultSet results = select.executeQuery()) {
                int count = 0;
                while (results.next()) {
                    count++;
                }
                same(10, count);
            }
        }
        connection.commit();
        try (Statement scrolling = connection.createStatement(ResultSet.TYPE_SCROLL_INSENSITIVE, ResultSet.CONCUR_READ_ONLY);
                ResultSet results = scrolling.executeQuery("SELECT n FROM numbers ORDER BY n")) {
            results.last();
            same(1000, results.getRow());
            results.absolute(10);
            same(10, results.getInt(1));
        }
    }

    static void generatedKeys(Connection connection) throws Exception {
        execute(connection, "CREATE TABLE generated (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), v text)");
        try (PreparedStatement insert = connection.prepareStatement("INSERT INTO generated (v) VALUES (?)", new String[] {"id"})) {
            insert.setString(1, "x");
            same(1, insert.executeUpdate());
            ResultSet keys = insert.getGeneratedKeys();
            same(true, keys.next());
            same(one(connection, "SELECT id FROM generated"), keys.getObject("id", UUID.class).toString());
        }
        try (Statement statement = connection.createStatement()) {
            statement.executeUpdate("INSERT INTO generated (v) VALUES ('y')", Statement.RETURN_GENERATED_KEYS);
            ResultSet keys = statement.getGeneratedKeys();
            same(true, keys.next());
            same("y", keys.getString("v"));
        }
        try (PreparedStatement insert = connection.prepareStatement("INSERT INTO generated (v) VALUES (?)", Statement.RETURN_GENERATED_KEYS)) {
            for (String value : List.of("a", "b")) {
                insert.setString(1, value);
                insert.addBatch();
            }
            insert.executeBatch();
            same(List.of("a", "b"), rows(insert.getGeneratedKeys(), "v"));
        }
    }

    static void transactions(Connection connection) throws Exception {
        execute(connection, "CREATE TABLE accounts (id int PRIMARY KEY, balance int)", "INSERT INTO accounts VALUES (1, 10), (2, 0)");
        connection.setAutoCommit(false);
        connection.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE);
        same(Connection.TRANSACTION_SERIALIZABLE, connection.getTransactionIsolation());
        execute(connection, "UPDATE accounts SET balance = balance - 4 WHERE id = 1");
        Savepoint savepoint = connection.setSavepoint("middle");
        execute(connection, "UPDATE accounts SET balance = 100 WHERE id = 2");
        connection.rollback(savepoint);
        execute(connection, "UPDATE accounts SET balance = balance + 4 WHERE id = 2");
        connection.commit();
        execute(connection, "DELETE FROM accounts");
        connection.rollback();
        same("6,4", one(connection, "SELECT string_agg(balance::text, ',' ORDER BY id) FROM accounts"));
        connection.commit();
        connection.setReadOnly(true);
        try {
            execute(connection, "DELETE FROM accounts");
            throw new AssertionError("a write in a read-only transaction");
        } catch (SQLException refused) {
            same("25006", refused.getSQLState());
        }
        connection.rollback();
        // The driver saves the block of a statement that fails.
        try (Connection saving = open("autosave", "always")) {
            saving.setAutoCommit(false);
            execute(saving, "UPDATE accounts SET balance = 7 WHERE id = 1");
            try {
                execute(saving, "SELECT nothing FROM accounts");
                throw new AssertionError("no such column");
            } catch (SQLException failed) {
                same("42703", failed.getSQLState());
            }
            saving.commit();
            same("7", one(saving, "SELECT balance FROM accounts WHERE id = 1"));
        }
    }

    static void errors(Connection connection) throws Exception {
        try {
            execute(connection, "INSERT INTO numbers VALUES (1, 1)");
            throw new AssertionError("a duplicate key");
        } catch (PSQLException failed) {
            var fields = failed.getServerErrorMessage();
            same("23505|public|numbers|numbers_pkey|Key (n)=(1) already exists.",
                failed.getSQLState() + "|" + fields.getSchema() + "|" + fields.getTable() + "|" + fields.getConstraint() + "|" + fields.getDetail());
        }
        try {
            one(connection, "SELECT square, sqare FROM numbers");
            throw new AssertionError("no such column");
        } catch (PSQLException failed) {
            same("42703|16", failed.getSQLState() + "|" + failed.getServerErrorMessage().getPosition());
        }
        same("1", one(connection, "SELECT 1"));
    }

    static void timeouts(Connection connection) throws Exception {
        try (Statement statement = connection.createStatement()) {
            statement.setQueryTimeout(1);
            statement.executeQuery("SELECT count(*) FROM numbers a, numbers b, numbers c WHERE a.n + b.n + c.n = -1");
            throw new AssertionError("a query that takes long");
        } catch (PSQLException failed) {
            same("57014", failed.getSQLState());
        }
        same("1", one(connection, "SELECT 1"));
    }

    static void updatableResults(Connection connection) throws Exception {
        execute(connection, "CREATE TABLE editable (id int PRIMARY KEY, v text)", "INSERT INTO editable VALUES (1, 'a'), (2, 'b')");
        try (Statement statement = connection.createStatement(ResultSet.TYPE_SCROLL_SENSITIVE, ResultSet.CONCUR_UPDATABLE);
                ResultSet results = statement.executeQuery("SELECT id, v FROM editable ORDER BY id")) {
            results.next();
            results.updateString("v", "changed");
            results.updateRow();
            results.next();
            results.deleteRow();
            results.moveToInsertRow();
            results.updateInt("id", 3);
            results.updateString("v", "new");
            results.insertRow();
        }
        same("1changed,3new", one(connection, "SELECT string_agg(id || v, ',' ORDER BY id) FROM editable"));
    }

    static void copy(Connection connection) throws Exception {
        execute(connection, "CREATE TABLE copied (id int PRIMARY KEY, v text)");
        var copies = connection.unwrap(PGConnection.class).getCopyAPI();
        same(2L, copies.copyIn("COPY copied FROM STDIN (FORMAT csv)", new StringReader("1,one\n2,\"two, too\"\n")));
        StringWriter out = new StringWriter();
        same(2L, copies.copyOut("COPY (SELECT * FROM copied ORDER BY id) TO STDOUT", out));
        same("1\tone\n2\ttwo, too\n", out.toString());
    }

    static void resultMetadata(Connection connection) throws Exception {
        try (PreparedStatement select = connection.prepareStatement("SELECT o.number, o.total AS amount, o.total * 2 AS double, o.note FROM orders o WHERE o.customer = ?")) {
            same(1, select.getParameterMetaData().getParameterCount());
            same("text", select.getParameterMetaData().getParameterTypeName(1));
            ResultSetMetaData columns = select.getMetaData();
            List<String> found = new ArrayList<>();
            for (int at = 1; at <= columns.getColumnCount(); at++) {
                found.add(columns.getColumnLabel(at) + "|" + columns.getColumnTypeName(at) + "|" + columns.getColumnType(at) + "|" + columns.getPrecision(at) + "|" + columns.getScale(at)
                    + "|" + columns.getTableName(at) + "|" + ((org.postgresql.PGResultSetMetaData) columns).getBaseColumnName(at) + "|" + columns.isNullable(at));
            }
            same(List.of("number|int4|4|10|0|orders|number|0", "amount|numeric|2|10|2|orders|total|0", "double|numeric|2|0|0|||2", "note|varchar|12|20|0|orders|note|1"), found);
        }
    }

    static void changedTables(Connection connection) throws Exception {
        execute(connection, "CREATE TABLE changing (id int PRIMARY KEY, v int)", "INSERT INTO changing VALUES (1, 5)");
        try (PreparedStatement select = connection.prepareStatement("SELECT * FROM changing WHERE id = ?")) {
            for (int round = 0; round < 8; round++) {
                select.setInt(1, 1);
                try (ResultSet results = select.executeQuery()) {
                    results.next();
                    same(5, results.getInt("v"));
                }
            }
            execute(connection, "DROP TABLE changing", "CREATE TABLE changing (id int PRIMARY KEY, v text, w int)", "INSERT INTO changing VALUES (1, 'five', 6)");
            select.setInt(1, 1);
            try (ResultSet results = select.executeQuery()) {
                results.next();
                same("five", results.getString("v"));
            }
        }
    }
}
