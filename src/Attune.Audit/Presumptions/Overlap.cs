using Attune.Audit.Judgements;
using Attune.Core.Conversations;
using Attune.Core.Statistics;
using Attune.Data.Cleaning;
using Attune.Data.Formats;
using Attune.Reports.Audits;

namespace Attune.Audit.Presumptions;

/// <summary>Presumption 5: what is learned from labels is measured on data that the labels do not hold.</summary>
public static class Overlap
{
    private const int Presumption = 5;

    /// <summary>Prompts and answers that share a run of words with a file that evaluates (Brown et al. 2020, appendix C).</summary>
    /// <exception cref="Core.DataException">The file cannot be read.</exception>
    public static AuditFinding OfFile(IReadOnlyList<PairJudgement> judgements, string evaluation) =>
        Measure(judgements, Path.GetFileName(evaluation), DatasetFile.Texts(evaluation).SelectMany(row => row.All));

    public static AuditFinding Measure(IReadOnlyList<PairJudgement> judgements, string name, IEnumerable<string> texts)
    {
        var evaluation = Contamination.Of(texts);
        bool[] prompts = [.. judgements.Select(j => Turns(j.Asked).Any(evaluation.Touches))];
        bool[] answers = [.. judgements.Select(j => evaluation.Touches(j.First) || evaluation.Touches(j.Second))];
        var shared = prompts.Zip(answers, (p, a) => p || a).Count(s => s);
        return Finding.Of(
            Presumption,
            $"judged pairs that share a run of {Contamination.Gpt3Words} words with {name}",
            Wilson.Of(shared / (double)judgements.Count, judgements.Count),
            null,
            shared > 0,
            $"{shared} of {judgements.Count} judged pairs share a run of {Contamination.Gpt3Words} words with {name}: "
                + $"{prompts.Count(p => p)} in the prompt, {answers.Count(a => a)} in an answer",
            "leave such rows out of training (decontaminate), or evaluate on others",
            "the same content in other words is not found; a form that all prompts share is"
        );
    }

    private static IEnumerable<string> Turns(Prompt prompt) =>
        prompt is Prompt.Chat chat ? chat.Messages.Select(m => m.Content) : [prompt.Key];
}
