namespace Attune.Core.Options;

/// <summary>
/// On an abstract options record: a value is a mapping of one case's keys, and the case is the one whose key is given,
/// <c>{lexicon: {fine: 1}, weight: 0.5}</c>.
/// </summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public abstract class CasesByKeyAttribute : Attribute
{
    public abstract IReadOnlyList<OptionCase> Cases { get; }
}

/// <inheritdoc/>
/// <typeparam name="TRegistry">Knows the cases; asked each time, as cases may be added.</typeparam>
public sealed class CasesByKeyAttribute<TRegistry> : CasesByKeyAttribute
    where TRegistry : IOptionCases
{
    public override IReadOnlyList<OptionCase> Cases => TRegistry.Cases;
}
