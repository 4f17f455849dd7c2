using Attune.Core.Runs;

namespace Attune.Recipes.Running;

/// <summary>Who watches a run: a terminal, a log, nobody.</summary>
public interface IRunScreen
{
    void BeginStage(int index, int count, string name, string purpose);

    /// <summary>Work of a known length: updates of training, samples drawn, pairs judged.</summary>
    /// <param name="task">What is being done.</param>
    /// <param name="figures">A few numbers worth seeing beside the bar.</param>
    void Report(string task, long done, long total, string figures);

    void EndStage(StageResult result);

    void Note(string text);

    /// <summary>What must not be overlooked.</summary>
    void Warn(string text) => Note(text);
}

/// <summary>A person who answers comparisons.</summary>
public interface IPerson
{
    /// <summary>Shows two answers, in this order, and waits.</summary>
    /// <exception cref="OperationCanceledException">Cancelled while waiting.</exception>
    Answer Ask(int number, int total, string prompt, string first, string second, CancellationToken cancel);
}

/// <summary>What a person said to a comparison.</summary>
public enum Answer
{
    First,
    Second,
    Skip,

    /// <summary>No more questions, please.</summary>
    Enough,
}
