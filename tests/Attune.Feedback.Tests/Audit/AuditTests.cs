using Attune.Feedback.Labels;
using Microsoft.Data.Sqlite;

namespace Attune.Feedback.Tests.Audit;

/// <summary>Tampering is noticed, and the first broken link is named.</summary>
public sealed class AuditTests
{
    [Theory]
    [InlineData(
        "UPDATE response_revision SET value_json = replace(value_json, 'comment', 'remark')",
        "was changed: it is not what the audit says"
    )]
    [InlineData("DELETE FROM response_revision WHERE number = 1", "is in the audit, but missing")]
    [InlineData(
        "UPDATE audit_event SET detail_json = replace(detail_json, 'test', 'best') WHERE action = 'project.created'",
        "link 3 (project.created of"
    )]
    [InlineData("DELETE FROM audit_event WHERE sequence = 4", "link 4 is missing")]
    [InlineData("DELETE FROM audit_event WHERE sequence = (SELECT max(sequence) FROM audit_event)", "the end was cut off")]
    [InlineData("UPDATE candidate SET content_json = replace(content_json, 'first 0', 'worse 0')", "was changed after it was added")]
    [InlineData("DELETE FROM task WHERE position = 1", "are not those that were added")]
    [InlineData("UPDATE guideline_version SET markdown = 'Be unfair'", "is not what was published")]
    [InlineData("UPDATE response_revision SET redacted = 1", "was erased, but the audit does not record it")]
    public async Task Every_change_by_hand_is_found_and_named(string tamper, string found)
    {
        await using var test = await TestStore.OpenAsync("SQLite");
        await test.AddPairsAsync(2);
        await test.SubmitAsync(
            test.People[0],
            (await test.ClaimAsync(test.People[0])).LeaseId,
            ComparisonJudgement.OfStrength(2) with
            {
                Comment = "2",
            }
        );
        var whole = await test.Store.Audit.VerifyAsync(default);
        Assert.Null(whole.FirstBroken);
        Assert.Equal((1, 2), (whole.Labels, whole.Items));

        await using (
            var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = test.Options.Database }.ToString())
        )
        {
            await connection.OpenAsync();
            using var command = connection.CreateCommand();
            command.CommandText = tamper;
            Assert.True(await command.ExecuteNonQueryAsync() > 0);
        }

        Assert.Contains(found, (await test.Store.Audit.VerifyAsync(default)).FirstBroken, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_trail_tells_who_did_what_when()
    {
        await using var test = await TestStore.OpenAsync("SQLite");
        await test.AddPairsAsync(1);
        var receipt = await test.SubmitAsync(
            test.People[0],
            (await test.ClaimAsync(test.People[0])).LeaseId,
            ComparisonJudgement.OfStrength(2)
        );
        var last = (await test.Store.Audit.ReadAsync(0, 100, default))[^1];
        Assert.Equal(
            (test.People[0].ToString(), "label.submitted", receipt.SubmissionId.ToString()),
            (last.Actor, last.Action, last.Subject)
        );
        Assert.Equal(test.Clock.GetUtcNow(), last.At);
    }
}
