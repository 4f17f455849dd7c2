using System.CommandLine;
using Attune.Core.Rollouts;

namespace Attune.Cli.Commands.Generation;

/// <summary>How an answer is drawn, as the commands that draw answers ask for it.</summary>
/// <param name="longest">Default of --max-tokens.</param>
/// <param name="answer">What is drawn, in the words of the command.</param>
internal sealed class SamplingArguments(int longest, string answer)
{
    private readonly Option<bool> _greedy = new("--greedy") { Description = "always take the most likely token" };
    private readonly Option<int> _maxTokens = Arguments.Count("--max-tokens", $"longest {answer}, in tokens", longest);
    private readonly Option<double> _temperature = new("--temperature")
    {
        Description = "below 1 more predictable, above 1 more varied",
        HelpName = "NUMBER",
        DefaultValueFactory = _ => 1,
    };
    private readonly Option<int> _topK = new("--top-k") { Description = "keep the k most likely tokens; 0 keeps all", HelpName = "N" };
    private readonly Option<double> _topP = new("--top-p")
    {
        Description = "keep the most likely tokens that together reach this probability",
        HelpName = "NUMBER",
        DefaultValueFactory = _ => 1,
    };
    private readonly Option<double> _minP = new("--min-p")
    {
        Description = "keep tokens at least this fraction as likely as the most likely one",
        HelpName = "NUMBER",
    };
    private readonly Option<string[]> _stop = new("--stop")
    {
        Description = $"text that ends the {answer}; may be given several times",
        HelpName = "TEXT",
        AllowMultipleArgumentsPerToken = false,
    };

    public IEnumerable<Option> All => [_greedy, _maxTokens, _temperature, _topK, _topP, _minP, _stop];

    /// <summary>Where the user names no longest answer, the default is cut to what the model's context leaves beside the prompt.</summary>
    public SamplingOptions Fitted(ParseResult parsed, int? end, int prompt, int context)
    {
        var options = Of(parsed, end);
        return parsed.GetResult(_maxTokens) is { Implicit: false } || prompt >= context
            ? options
            : options with
            {
                MaxNewTokens = Math.Min(options.MaxNewTokens, context - prompt),
            };
    }

    /// <param name="end">The token that ends an answer; null for the model's own.</param>
    public SamplingOptions Of(ParseResult parsed, int? end) =>
        new()
        {
            Temperature = parsed.GetValue(_greedy) ? 0 : parsed.GetValue(_temperature),
            TopK = parsed.GetValue(_topK),
            TopP = parsed.GetValue(_topP),
            MinP = parsed.GetValue(_minP),
            MaxNewTokens = parsed.GetValue(_maxTokens),
            EndToken = end,
            StopSequences = [.. parsed.GetValue(_stop) ?? []],
        };
}
