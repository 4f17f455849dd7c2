using System.Collections.Immutable;
using Attune.Core;
using Attune.Core.Tokens;
using Attune.Models.Architecture;
using Attune.Models.Files;
using Attune.Training.Batches;
using Attune.Training.Tokens;

namespace Attune.Cli.Commands.Tokens;

/// <summary>The log-probability of each token of rows, as <c>attune evaluate --per-token</c> prints it.</summary>
internal static class TokenLogProbs
{
    /// <param name="model">A folder or a GGUF file; it needs a tokenizer only where a row is no ids.</param>
    /// <param name="specialSpellings">What is spelt like a special token is one.</param>
    /// <param name="template">A chat template's name, or a file; null for the model's own.</param>
    public static void Print(string model, string path, bool specialSpellings, string? template)
    {
        var rows = TokenRows.Read(path, takesIds: true);
        var text = rows.All(r => r.Ids is not null) ? null : ModelTokenizer.Load(model, template);
        var ids = rows.Select(r => r.Ids ?? r.Trace(text!, specialSpellings).Tokens.Ids).ToArray();
        using var language = ModelFiles.LoadLanguageModel(model);
        for (var i = 0; i < rows.Length; i++)
        {
            Require(ids[i], rows[i].Place, language);
        }

        // The first token of a row has nothing to be predicted from.
        var predicted = Enumerable.Range(0, ids.Length).Where(i => ids[i].Length > 1).ToArray();
        var logProbs = AnswerLogProbs.Of(language, [.. predicted.Select(i => new TokenSequence(ids[i], 1))]);
        var found = predicted.Zip(logProbs).ToDictionary(p => p.First, p => p.Second);
        for (var i = 0; i < ids.Length; i++)
        {
            Console.Out.WriteLine(JsonOutput.Line(new { ids = ids[i].ToArray(), log_probs = found.GetValueOrDefault(i, []) }));
        }
    }

    private static void Require(ImmutableArray<int> ids, string place, LanguageModel model)
    {
        if (ids.Length > model.Config.ContextLength)
        {
            throw new DataException($"{place}: {ids.Length} tokens, but the model reads {model.Config.ContextLength}. Shorten the row.");
        }

        if (ids.FirstOrDefault(id => id < 0 || id >= model.Config.VocabularySize, -1) is var wrong && ids.Contains(wrong))
        {
            throw new DataException(
                $"{place}: the id {wrong} is not in the model's vocabulary; expected 0 to {model.Config.VocabularySize - 1}."
            );
        }
    }
}
