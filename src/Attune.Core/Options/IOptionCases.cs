namespace Attune.Core.Options;

/// <summary>A registry whose entries are the cases of an options record.</summary>
public interface IOptionCases
{
    /// <summary>In the order in which help and messages list them.</summary>
    static abstract IReadOnlyList<OptionCase> Cases { get; }
}
