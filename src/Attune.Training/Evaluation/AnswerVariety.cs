namespace Attune.Training.Evaluation;

/// <summary>How much answers differ from each other: a policy that found one answer that pays says it again and again.</summary>
public static class AnswerVariety
{
    /// <summary>Different answers over all answers.</summary>
    /// <param name="answers">At least one.</param>
    public static double Distinct(IReadOnlyCollection<string> answers) =>
        (double)answers.Distinct(StringComparer.Ordinal).Count() / answers.Count;

    /// <summary>
    /// Distinct-2 (Li et al. 2016, A Diversity-Promoting Objective Function, section 5.1): different pairs of neighbouring words over all
    /// such pairs, of all answers together. Words are what white space parts.
    /// </summary>
    /// <returns>1 where no answer has two words.</returns>
    public static double DistinctPairs(IEnumerable<string> answers)
    {
        var seen = new HashSet<(string, string)>();
        var count = 0;
        foreach (var answer in answers)
        {
            var words = answer.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            for (var i = 1; i < words.Length; i++, count++)
            {
                seen.Add((words[i - 1], words[i]));
            }
        }

        return count == 0 ? 1 : (double)seen.Count / count;
    }
}
