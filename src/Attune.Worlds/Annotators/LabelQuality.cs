namespace Attune.Worlds.Annotators;

/// <summary>How far labels can be predicted at all; the yardstick for a reward model's accuracy.</summary>
/// <param name="GoldAgreement">The expected share of labels, ties aside, that follow the order of the hidden utility.</param>
/// <param name="BayesAccuracy">
/// The accuracy of the best possible prediction of the labels, ties aside. Above <paramref name="GoldAgreement"/> where bias
/// or taste makes the annotators' majority differ from the utility.
/// </param>
/// <param name="TieRate">The expected share of ties.</param>
public readonly record struct LabelQuality(double GoldAgreement, double BayesAccuracy, double TieRate);
