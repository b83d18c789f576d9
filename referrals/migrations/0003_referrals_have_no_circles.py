"""The database itself refuses a referral that closes a circle, at the end of its transaction.

Transactions that add referrals of an organization commit one after another from there on, so that each sees the others'.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION refuse_referral_circle() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    reached bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('referrals ' || NEW.organization_id, 0));
    reached := NEW.referrer_id;
    WHILE reached IS NOT NULL LOOP
        IF reached = NEW.referee_id THEN
            RAISE EXCEPTION 'a referral closes a circle'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'referral_without_circle', TABLE = 'referrals_referrallink';
        END IF;
        SELECT referrer_id INTO reached FROM referrals_referrallink
            WHERE organization_id = NEW.organization_id AND referee_id = reached;
    END LOOP;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER referral_without_circle AFTER INSERT OR UPDATE OF referrer_id, referee_id
    ON referrals_referrallink DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION refuse_referral_circle();
"""
BACKWARD = """
DROP TRIGGER referral_without_circle ON referrals_referrallink;
DROP FUNCTION refuse_referral_circle();
"""


class Migration(migrations.Migration):
    dependencies = [("referrals", "0002_campaigns_of_organization_files")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
