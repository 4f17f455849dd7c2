using Attune.Core.Conversations;
using Attune.Core.Runs;
using Attune.Methods.Supervised;

namespace Attune.Methods.Tests.Supervised;

public sealed class ConstitutionalTests
{
    private static readonly RevisionRecord Record = new(
        "p",
        "a",
        [new("one", "bad", "b"), new("two", "fine", "b"), new("one", "bad", "c")]
    );

    [Fact]
    public void All_revisions_are_learned_and_the_answer_itself_is_not() =>
        Assert.Equal(["b", "b", "c"], Answers(Record, LearnedRevisions.All));

    [Fact]
    public void The_last_alone_is_the_answer_where_no_principle_applied()
    {
        Assert.Equal(["c"], Answers(Record, LearnedRevisions.Last));
        Assert.Equal(["a"], Answers(Record with { Rounds = [] }, LearnedRevisions.Last));
        Assert.Empty(Answers(Record with { Rounds = [] }, LearnedRevisions.All));
    }

    private static IEnumerable<string> Answers(RevisionRecord record, LearnedRevisions learned) =>
        Constitutional.Demonstrations(new Prompt.Text("p"), record, learned).Select(d => d.Answer);
}
