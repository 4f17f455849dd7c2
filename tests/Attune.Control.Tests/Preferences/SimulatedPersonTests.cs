using Attune.Control.Preferences;
using Attune.Control.Tests.Policy;
using Attune.Core;
using Attune.Core.Runs;

namespace Attune.Control.Tests.Preferences;

public sealed class SimulatedPersonTests
{
    [Fact]
    public void Probabilities_are_imitations()
    {
        foreach (var golden in Parts.Of("synthetic_gatherer"))
        {
            var discount = golden.GetProperty("discount").GetDouble();
            var difference =
                ClipPreferences.Return(Parts.Numbers(golden.GetProperty("rewards1")), discount)
                - ClipPreferences.Return(Parts.Numbers(golden.GetProperty("rewards2")), discount);
            var temperature = golden.GetProperty("temperature").GetDouble();
            var found = SimulatedPerson.Probability(difference, 1 / temperature);
            Parts.AssertClose([golden.GetProperty("probability1").GetDouble()], [found]);
        }
    }

    [Fact]
    public void A_perfect_person_takes_the_higher_sum_and_calls_equal_sums_equal()
    {
        Assert.Equal(ClipChoice.Left, Judge(new(), [1, 2], [2, 0]));
        Assert.Equal(ClipChoice.Right, Judge(new(), [0, 0], [0, 1]));
        Assert.Equal(ClipChoice.Equal, Judge(new(), [1, 0], [0, 1]));
    }

    /// <summary>5 + 0 against 0 + 3: the sum says left, what came last says right.</summary>
    [Fact]
    public void A_myopic_person_remembers_the_end()
    {
        Assert.Equal(5 * 0.25 + 3, SimulatedPerson.MyopicSum([5, 0, 3], 0.5));
        Assert.Equal(ClipChoice.Left, Judge(new(), [5, 0], [0, 3]));
        Assert.Equal(ClipChoice.Right, Judge(new() { Myopia = 0.5 }, [5, 0], [0, 3]));
    }

    [Fact]
    public void Thresholds_skip_and_equal()
    {
        Assert.Equal(ClipChoice.CannotTell, Judge(new() { SkipBelow = 3 }, [1], [2]));
        Assert.Equal(ClipChoice.Right, Judge(new() { SkipBelow = 2 }, [1], [2]));
        Assert.Equal(ClipChoice.Equal, Judge(new() { EqualWithin = 1.5 }, [1], [2]));
        Assert.Equal(ClipChoice.Right, Judge(new() { EqualWithin = 1 }, [1], [2]));
    }

    /// <summary>Of 4000 answers, within three deviations of what is asked for.</summary>
    [Fact]
    public void Mistakes_and_rationality_have_the_rates_that_they_are_given()
    {
        Assert.Equal(0.1, ShareRight(new() { Mistakes = 0.1 }, 1), 0.015);
        Assert.Equal(1 - ClipPreferences.Probability(2 * 0.7), ShareRight(new() { Rationality = 2 }, 0.7), 0.02);
    }

    [Fact]
    public void An_answer_depends_on_the_questions_number_alone()
    {
        var options = new SimulatedPersonOptions { Rationality = 0.1 };
        var once = new SimulatedPerson(options, new Seed(5));
        var again = new SimulatedPerson(options, new Seed(5));
        again.Judge(Question(99, [1], [0]));
        Assert.All(Enumerable.Range(0, 50), i => Assert.Equal(once.Judge(Question(i, [1], [0])), again.Judge(Question(i, [1], [0]))));
    }

    [Fact]
    public void Knobs_that_cannot_be_are_named()
    {
        var options = new SimulatedPersonOptions { Rationality = 0, Mistakes = 2 };
        var error = Assert.Throws<ConfigurationException>(() => new SimulatedPerson(options, new Seed(1)));
        Assert.Equal(2, error.Problems.Count);
    }

    [Fact]
    public void Clips_of_unequal_length_are_refused()
    {
        var question = Question(0, [1, 2], [1]);
        var error = Assert.Throws<DataException>(() => Clip.RequireEqualLength(question.Left, question.Right));
        Assert.Contains("2 and 1 steps", error.Message, StringComparison.Ordinal);
    }

    private static double ShareRight(SimulatedPersonOptions options, double difference)
    {
        var person = new SimulatedPerson(options, new Seed(1));
        return Enumerable.Range(0, 4000).Count(i => person.Judge(Question(i, [difference], [0])) == ClipChoice.Right) / 4000.0;
    }

    private static ClipChoice Judge(SimulatedPersonOptions options, double[] left, double[] right) =>
        new SimulatedPerson(options, new Seed(1)).Judge(Question(0, left, right));

    private static ClipQuestion Question(long number, double[] left, double[] right) => new(number, Of(left), Of(right));

    private static Clip Of(double[] rewards) =>
        new([.. rewards.Select(_ => new float[1])], [.. rewards.Select(_ => new float[1])], rewards);
}
