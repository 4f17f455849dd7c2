using System.Collections.Immutable;
using Attune.Feedback.Labels;
using Attune.Feedback.Storage;
using Microsoft.EntityFrameworkCore;

namespace Attune.Feedback.People;

/// <summary>Keys for programs. A key acts for its owner, within its scopes; it is shown once and stored as a hash.</summary>
public sealed class ApiKeys
{
    private readonly StoreDatabase _database;

    internal ApiKeys(StoreDatabase database) => _database = database;

    /// <param name="validity">Null for a key that lasts until it is revoked.</param>
    public Task<NewKey> CreateAsync(
        Guid person,
        string name,
        ImmutableArray<KeyScope> scopes,
        TimeSpan? validity,
        CancellationToken cancel
    ) =>
        _database.WriteAsync(
            writer =>
            {
                var key = Credentials.NewToken("attune_");
                var row = new ApiKeyRow
                {
                    Id = writer.NewId(),
                    PersonId = person,
                    Name = name,
                    KeyHash = Credentials.HashToken(key),
                    ScopesJson = StoreJson.Write(scopes),
                    CreatedAt = writer.Now,
                    ExpiresAt = validity is { } length ? writer.Now + (long)length.TotalMilliseconds : null,
                };
                writer.Db.ApiKeys.Add(row);
                writer.Audit(person, "key.created", row.Id, new { scopes });
                return Task.FromResult(new NewKey(Info(row), key));
            },
            cancel
        );

    /// <summary>The key's owner and scopes; null where the key was revoked, has expired, or never existed.</summary>
    public Task<KeyHolder?> FindAsync(string key, CancellationToken cancel) =>
        _database.ReadAsync(async db =>
        {
            var (hash, now) = (Credentials.HashToken(key), _database.Now);
            var found = await (
                from row in db.ApiKeys
                join person in db.People on row.PersonId equals person.Id
                where
                    row.KeyHash == hash
                    && row.RevokedAt == null
                    && (row.ExpiresAt == null || row.ExpiresAt > now)
                    && person.State == PersonState.Active
                select new { row, person }
            )
                .AsNoTracking()
                .SingleOrDefaultAsync(cancel);
            return found is null ? null : new KeyHolder(found.row.Id, PersonRecords.Info(found.person), Info(found.row).Scopes);
        });

    public Task<IReadOnlyList<KeyInfo>> ListAsync(Guid person, CancellationToken cancel) =>
        _database.ReadAsync(async db =>
            (IReadOnlyList<KeyInfo>)
                [.. (await db.ApiKeys.AsNoTracking().Where(k => k.PersonId == person).OrderBy(k => k.Id).ToListAsync(cancel)).Select(Info)]
        );

    /// <returns>False where the person has no such key.</returns>
    public Task<bool> RevokeAsync(Guid person, Guid key, CancellationToken cancel) =>
        _database.WriteAsync(
            async writer =>
            {
                var found = await writer
                    .Db.ApiKeys.Where(k => k.Id == key && k.PersonId == person && k.RevokedAt == null)
                    .ExecuteUpdateAsync(set => set.SetProperty(k => k.RevokedAt, writer.Now), cancel);
                if (found == 1)
                {
                    writer.Audit(person, "key.revoked", key, new { });
                }
                return found == 1;
            },
            cancel
        );

    private static KeyInfo Info(ApiKeyRow row) =>
        new(
            row.Id,
            row.Name,
            StoreJson.Read<ImmutableArray<KeyScope>>(row.ScopesJson),
            DateTimeOffset.FromUnixTimeMilliseconds(row.CreatedAt),
            row.ExpiresAt is { } at ? DateTimeOffset.FromUnixTimeMilliseconds(at) : null,
            row.RevokedAt is not null
        );
}
